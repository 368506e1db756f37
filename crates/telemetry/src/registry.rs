//! The measures that live in this process, and their text for a scraper. Layers register once at
//! start and keep the handles, so the lock here is taken at start and at a scrape, never between.
//! Before it: `measure`, `instrument`. After it: `surface` (`/metrics`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::limits::SERIES_PER_MEASURE;
use crate::{Counter, Gauge, Histogram, Kind, Measure};

/// All measures of the process. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Families>);

#[derive(Default)]
struct Families(Mutex<BTreeMap<&'static str, Family>>);

struct Family {
    measure: &'static Measure,
    series: BTreeMap<Vec<String>, Series>,
}

#[derive(Clone)]
enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
    Observed(Arc<dyn Fn() -> f64 + Send + Sync>),
}

impl Registry {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter of a measure for these label values, in the order of `measure.labels`. The same
    /// values give the same counter.
    #[must_use]
    pub fn counter(&self, measure: &'static Measure, values: &[&str]) -> Counter {
        match self.series(measure, values, || Series::Counter(Counter::default())) {
            Series::Counter(counter) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge of a measure for these label values.
    #[must_use]
    pub fn gauge(&self, measure: &'static Measure, values: &[&str]) -> Gauge {
        match self.series(measure, values, || Series::Gauge(Gauge::default())) {
            Series::Gauge(gauge) => gauge,
            _ => Gauge::default(),
        }
    }

    /// The histogram of a measure for these label values.
    #[must_use]
    pub fn histogram(&self, measure: &'static Measure, values: &[&str]) -> Histogram {
        let bounds = if let Kind::Histogram(bounds) = measure.kind { bounds } else { &[] };
        match self.series(measure, values, || Series::Histogram(Histogram::new(bounds))) {
            Series::Histogram(histogram) => histogram,
            _ => Histogram::new(bounds),
        }
    }

    /// A counter or gauge that is asked for its value at each scrape: for what somebody counts
    /// anyway. It must be quick and must not wait.
    pub fn observe(
        &self,
        measure: &'static Measure,
        values: &[&str],
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        let _ = self.series(measure, values, || Series::Observed(Arc::new(read)));
    }

    /// All series as OpenMetrics text, which Prometheus reads as well.
    #[must_use]
    pub fn text(&self) -> String {
        let mut registry = prometheus_client::registry::Registry::default();
        registry.register_collector(Box::new(Scrape(Arc::clone(&self.0))));
        let mut text = String::with_capacity(16 * 1024);
        // Writing to a String cannot fail; what an encoder refused is absent from the text.
        let _ = encode(&mut text, &registry);
        text
    }

    fn series(
        &self,
        measure: &'static Measure,
        values: &[&str],
        make: impl FnOnce() -> Series,
    ) -> Series {
        debug_assert_eq!(measure.labels.len(), values.len(), "labels of {}", measure.name);
        let mut families = self.0.0.lock();
        let family = families
            .entry(measure.name)
            .or_insert_with(|| Family { measure, series: BTreeMap::new() });
        let mut key: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        if family.series.len() >= SERIES_PER_MEASURE && !family.series.contains_key(&key) {
            key.iter_mut().for_each(|value| "_other".clone_into(value));
        }
        family.series.entry(key).or_insert_with(make).clone()
    }
}

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.lock().keys()).finish()
    }
}

/// One scrape: hands every series to the library's encoder.
#[derive(Debug)]
struct Scrape(Arc<Families>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in self.0.0.lock().values() {
            let measure = family.measure;
            let (name, kind) = match measure.kind {
                // The encoder puts the ending back that OpenMetrics demands.
                Kind::Counter => (
                    measure.name.strip_suffix("_total").unwrap_or(measure.name),
                    MetricType::Counter,
                ),
                Kind::Gauge => (measure.name, MetricType::Gauge),
                Kind::Histogram(_) => (measure.name, MetricType::Histogram),
            };
            let mut metric = encoder.encode_descriptor(name, measure.meaning, None, kind)?;
            if measure.labels.is_empty() {
                // The encoder would write an empty pair of braces, which some parsers refuse.
                for series in family.series.values() {
                    series.encode(measure.kind, &mut metric)?;
                }
                continue;
            }
            for (values, series) in &family.series {
                let values = values.iter().map(String::as_str);
                let labels: Vec<(&str, &str)> =
                    measure.labels.iter().copied().zip(values).collect();
                let labels = labels.as_slice();
                series.encode(measure.kind, &mut metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

impl Series {
    fn encode(&self, kind: Kind, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        match (self, kind) {
            (Self::Counter(counter), _) => {
                metric.encode_counter::<NoLabelSet, u64, f64>(&counter.value(), None)
            }
            (Self::Gauge(gauge), _) => metric.encode_gauge(&gauge.value()),
            (Self::Histogram(cells), _) => {
                let buckets = cells.buckets();
                // From the same reading as the buckets, or a scraper sees them disagree.
                let count = buckets.iter().map(|(_, count)| count).sum();
                metric.encode_histogram::<NoLabelSet>(cells.sum(), count, &buckets, None)
            }
            (Self::Observed(read), Kind::Counter) => {
                metric.encode_counter::<NoLabelSet, f64, f64>(&read(), None)
            }
            (Self::Observed(read), _) => metric.encode_gauge(&read()),
        }
    }
}
