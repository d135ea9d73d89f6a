//! The body of an answer on its way out: at once, dribbled, or cut short.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// A slow body comes in this many pieces, or in one per byte if it is shorter.
const PIECES: usize = 10;

/// Longer than this no body takes, whatever was asked for.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// The connection ends here, on purpose or because the sender broke off.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
pub(super) struct Dropped;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum ReplyBody {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// Piece by piece.
    Slow(Slow),
    /// A part, then the connection is dropped.
    Cut {
        /// What is sent.
        part: Option<Bytes>,
        /// What the head promised, in bytes.
        promised: u64,
        /// True once the part had its turn to be flushed.
        flushed: bool,
    },
}

/// What is left of a slow body.
#[derive(Debug)]
pub(super) struct Slow {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    next: Pin<Box<Sleep>>,
}

impl ReplyBody {
    /// The body in one piece.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// The body spread evenly over `lasts`; its last piece leaves at the end of it.
    pub(super) fn slow(bytes: Bytes, lasts: Duration) -> Self {
        if lasts.is_zero() || bytes.is_empty() {
            return Self::whole(bytes);
        }
        let piece = bytes.len().div_ceil(PIECES);
        let pieces = u32::try_from(bytes.len().div_ceil(piece)).unwrap_or(1);
        let pause = lasts.min(LONGEST) / pieces;
        let next = Box::pin(sleep_until(Instant::now() + pause));
        Self::Slow(Slow { rest: bytes, piece, pause, next })
    }

    /// The first half of the body, and then the end of the connection.
    pub(super) fn cut(mut bytes: Bytes) -> Self {
        let promised = bytes.len() as u64;
        bytes.truncate(bytes.len() / 2);
        Self::Cut { part: Some(bytes), promised, flushed: false }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Slow(slow) => slow.poll_piece(cx),
            Self::Cut { part, flushed, .. } => match part.take() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None if *flushed => Poll::Ready(Some(Err(Dropped))),
                None => {
                    // An error at once would take with it what is still in the connection's buffer.
                    *flushed = true;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Slow(slow) => slow.rest.is_empty(),
            Self::Cut { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        let left = match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, Bytes::len) as u64,
            Self::Slow(slow) => slow.rest.len() as u64,
            Self::Cut { promised, .. } => *promised,
        };
        SizeHint::with_exact(left)
    }
}

impl Slow {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.next.as_mut().poll(cx));
        // From deadline to deadline, so that late wakes do not add up.
        let next = self.next.deadline() + self.pause;
        self.next.as_mut().reset(next);
        let piece = self.rest.split_to(self.piece.min(self.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
