//! Counters of times by their place in an HDR histogram, a page at a time: the times of one kind lie close together, so
//! most pages never come to be.
//!
//! Which times are equivalent is asked of `hdrhistogram`: a bin is its place among the bins of its width.

use std::sync::LazyLock;

use hdrhistogram::Histogram as Hdr;

use super::histogram::sized_for;

/// Bins of one page.
const PAGE: usize = 64;

/// Asked which times are equivalent; it counts nothing.
static BINS: LazyLock<Hdr<u64>> = LazyLock::new(|| sized_for(1));

type Page = Box<[u64; PAGE]>;

/// Counters of bins: by the width of the bins (a power of two), then by their place among those.
#[derive(Clone, Default)]
pub(super) struct Pages(Vec<Vec<Option<Page>>>);

/// The time in the middle of those that are equivalent to `us`, which stands for them all.
pub(super) fn middle(us: u64) -> u64 {
    BINS.median_equivalent(us)
}

impl Pages {
    /// Whether nothing was ever counted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts `us` once.
    pub(super) fn count(&mut self, us: u32) {
        self.count_n(us, 1);
    }

    /// Counts `us` so many times.
    pub(super) fn count_n(&mut self, us: u32, times: u64) {
        let us = u64::from(us);
        let width = BINS.equivalent_range(us).trailing_zeros();
        let bin = (us >> width) as usize;
        self.page(width as usize, bin / PAGE)[bin % PAGE] += times;
    }

    /// Adds every count of `other`.
    pub(super) fn merge(&mut self, other: &Self) {
        for (width, pages) in other.0.iter().enumerate() {
            for (place, theirs) in pages.iter().enumerate().filter_map(|(place, page)| Some((place, page.as_ref()?))) {
                let own = self.page(width, place);
                own.iter_mut().zip(theirs.iter()).for_each(|(own, theirs)| *own += theirs);
            }
        }
    }

    /// Every bin that holds something, from the lowest on: its lowest time and its count.
    pub(super) fn bins(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().enumerate().flat_map(|(width, pages)| {
            let pages = pages.iter().enumerate().filter_map(|(place, page)| Some((place, page.as_ref()?)));
            let bins = pages.flat_map(|(place, page)| page.iter().zip(place * PAGE..));
            bins.filter(|(count, _)| **count > 0).map(move |(count, bin)| ((bin as u64) << width, *count))
        })
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let of = |pages: &Vec<Option<Page>>| {
            pages.capacity() * size_of::<Option<Page>>() + pages.iter().flatten().count() * size_of::<[u64; PAGE]>()
        };
        self.0.capacity() * size_of::<Vec<Option<Page>>>() + self.0.iter().map(of).sum::<usize>()
    }

    fn page(&mut self, width: usize, place: usize) -> &mut [u64; PAGE] {
        if self.0.len() <= width {
            self.0.resize_with(width + 1, Vec::new);
        }
        let pages = &mut self.0[width];
        if pages.len() <= place {
            pages.resize_with(place + 1, || None);
        }
        pages[place].get_or_insert_with(|| Box::new([0; PAGE]))
    }
}
