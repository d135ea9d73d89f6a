//! Sums as OpenMetrics text, for whoever scrapes.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::classic;
use super::families::{Family, Kind, Value};

/// The type of the text.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The whole text.
pub(super) fn text(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in &self.0 {
            let (kind, unit) = match family.kind {
                Kind::Counter => (MetricType::Counter, None),
                Kind::Gauge => (MetricType::Gauge, None),
                Kind::Times => (MetricType::Histogram, Some(&Unit::Seconds)),
            };
            // The library ends every sentence by itself.
            let help = family.help.trim_end_matches('.');
            let mut metric = encoder.encode_descriptor(family.name, help, unit, kind)?;
            for (labels, value) in &family.samples {
                let mut sample = metric.encode_family(labels)?;
                match (value, family.kind) {
                    (Value::Times(times), _) => {
                        let buckets = classic::apart(times);
                        sample.encode_histogram::<NoLabelSet>(times.sum_us() / 1e6, times.count(), &buckets, None)?;
                    }
                    (Value::Count(count), Kind::Counter) => {
                        sample.encode_counter::<NoLabelSet, u64, u64>(count, None)?;
                    }
                    (Value::Count(count), _) => sample.encode_gauge(&(*count as i64))?,
                }
            }
        }
        Ok(())
    }
}
