//! Makes metrics: one registry, one prefix, zeros there from the start.

use prometheus::GaugeVec;
use prometheus::Histogram;
use prometheus::HistogramOpts;
use prometheus::HistogramVec;
use prometheus::IntCounter;
use prometheus::IntCounterVec;
use prometheus::IntGauge;
use prometheus::IntGaugeVec;
use prometheus::Opts;
use prometheus::Registry;

/// Seconds; from an answer out of memory to a slow trace.
const SECONDS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Makes metrics under one registry and one prefix.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Where they are registered.
    pub registry: &'a Registry,
}

impl Made<'_> {
    /// A counter without labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn counter(self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let made = IntCounter::with_opts(opts(name, help))?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// Counters by labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn counters(
        self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let made = IntCounterVec::new(opts(name, help), labels)?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// A gauge without labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn gauge(self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let made = IntGauge::with_opts(opts(name, help))?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// Gauges by labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn gauges(
        self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntGaugeVec> {
        let made = IntGaugeVec::new(opts(name, help), labels)?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// Gauges of fractions by one label.
    ///
    /// # Errors
    /// The name is taken.
    pub fn float_gauges(self, name: &str, help: &str, label: &str) -> prometheus::Result<GaugeVec> {
        let made = GaugeVec::new(opts(name, help), &[label])?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    pub(crate) fn histogram(
        self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> prometheus::Result<Histogram> {
        let wanted = HistogramOpts::from(opts(name, help)).buckets(buckets.to_vec());
        let made = Histogram::with_opts(wanted)?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    pub(crate) fn histograms(
        self,
        name: &str,
        help: &str,
        label: &str,
    ) -> prometheus::Result<HistogramVec> {
        let wanted = HistogramOpts::from(opts(name, help)).buckets(SECONDS.to_vec());
        let made = HistogramVec::new(wanted, &[label])?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("headway")
}
