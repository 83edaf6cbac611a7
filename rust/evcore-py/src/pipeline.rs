//! Face: `evcore.pipeline.Pipeline`.

use std::sync::Mutex;

use evcore::config::Config;
use evcore::pipeline::{Counts, Metrics};
use evcore::{Call, Pipeline, Sink};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::batch::PyEventBatch;
use crate::buffer::Bytes;
use crate::errors::{DecodeError, InputError, PyEvcoreError};
use crate::gate;
use crate::result::PyAggregateResult;
use crate::stream::PyStream;

/// A pipeline behind a lock, which is only taken without the GIL.
#[pyclass(frozen, name = "Pipeline", module = "evcore._core")]
pub(crate) struct PyPipeline {
    pub(crate) inner: Mutex<Pipeline>,
}

impl PyPipeline {
    /// Returns counters of this pipeline as a dictionary.
    pub(crate) fn named<'py>(
        &self,
        py: Python<'py>,
        counts: &Counts,
    ) -> Result<Bound<'py, PyDict>, PyEvcoreError> {
        let metrics =
            gate::run(py, || Ok::<_, PyEvcoreError>(gate::lock(&self.inner)?.metrics_of(counts)))?;
        Ok(metrics_dict(py, metrics)?)
    }
}

/// Returns what a call says about its events.
fn call(feed: Option<String>, source: Option<String>, received_us: Option<i64>) -> Call {
    Call { feed, source, received_us }
}

#[pymethods]
impl PyPipeline {
    #[new]
    fn py_new(py: Python<'_>, config: &str, threads: usize) -> Result<Self, PyEvcoreError> {
        let inner = gate::run(py, || {
            let config = Config::from_json(config, "<config>")?;
            Pipeline::new(config, threads).map_err(PyEvcoreError::from)
        })?;
        Ok(PyPipeline { inner: Mutex::new(inner) })
    }

    #[pyo3(name = "process")]
    fn py_process(
        slf: Bound<'_, Self>,
        data: &Bound<'_, PyAny>,
        feed: Option<String>,
        source: Option<String>,
        received_us: Option<i64>,
    ) -> Result<PyEventBatch, PyEvcoreError> {
        let bytes = Bytes::of(data)?;
        let call = call(feed, source, received_us);
        let this = slf.get();
        let batch = gate::run(slf.py(), || {
            gate::lock(&this.inner)?.process(bytes.as_slice(), &call).map_err(PyEvcoreError::from)
        })?;
        Ok(PyEventBatch::new(batch, slf.unbind()))
    }

    #[pyo3(name = "stream")]
    fn py_stream(
        slf: Bound<'_, Self>,
        sink: &str,
        feed: Option<String>,
        source: Option<String>,
        received_us: Option<i64>,
    ) -> Result<PyStream, PyEvcoreError> {
        let sink = match sink {
            "batch" => Sink::Batch,
            "ndjson" => Sink::Ndjson,
            _ => Sink::None,
        };
        let call = call(feed, source, received_us);
        let this = slf.get();
        let stream = gate::run(slf.py(), || {
            gate::lock(&this.inner)?.stream(&call, sink).map_err(PyEvcoreError::from)
        })?;
        Ok(PyStream::new(stream, slf.unbind()))
    }

    #[pyo3(name = "results")]
    fn py_results(&self, py: Python<'_>) -> Result<Vec<PyAggregateResult>, PyEvcoreError> {
        let results = gate::run(py, || Ok::<_, PyEvcoreError>(gate::lock(&self.inner)?.results()))?;
        results.into_iter().map(|result| PyAggregateResult::new(py, result)).collect()
    }

    #[pyo3(name = "metrics")]
    fn py_metrics<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>, PyEvcoreError> {
        let metrics = gate::run(py, || Ok::<_, PyEvcoreError>(gate::lock(&self.inner)?.metrics()))?;
        Ok(metrics_dict(py, metrics)?)
    }

    /// Returns how many events came in so far.
    #[pyo3(name = "received")]
    fn py_received(&self, py: Python<'_>) -> Result<u64, PyEvcoreError> {
        gate::run(py, || Ok::<_, PyEvcoreError>(gate::lock(&self.inner)?.counts().received))
    }

    #[pyo3(name = "explain")]
    fn py_explain<'py>(
        &self,
        py: Python<'py>,
        event: &Bound<'py, PyAny>,
        feed: Option<String>,
        source: Option<String>,
        received_us: Option<i64>,
    ) -> Result<Bound<'py, PyDict>, PyEvcoreError> {
        let bytes = Bytes::of(event)?;
        let call = call(feed, source, received_us);
        let explanation = gate::run(py, || {
            gate::lock(&self.inner)?.explain(bytes.as_slice(), &call).map_err(PyEvcoreError::from)
        })?;
        let Some(explanation) = explanation else {
            return Err(DecodeError::new_err("there is no event").into());
        };
        if let Some(reject) = explanation.reject {
            let (reason, message) = (reject.reason.name(), reject.message);
            let text = format!("{reason}: {message}, at byte {}", reject.byte);
            return Err(DecodeError::new_err(text).into());
        }
        Ok(explanation_dict(py, &explanation)?)
    }

    #[pyo3(name = "plan")]
    fn py_plan<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>, PyEvcoreError> {
        let plan = gate::run(py, || Ok::<_, PyEvcoreError>(gate::lock(&self.inner)?.plan()))?;
        let list = PyList::empty(py);
        for rule in plan {
            let entry = PyDict::new(py);
            entry.set_item("section", rule.section)?;
            entry.set_item("name", rule.name)?;
            entry.set_item("rule", rule.source)?;
            entry.set_item("step", rule.step)?;
            entry.set_item("parts", rule.parts)?;
            list.append(entry)?;
        }
        Ok(list)
    }

    #[pyo3(name = "merge")]
    fn py_merge(&self, py: Python<'_>, other: &PyPipeline) -> Result<(), PyEvcoreError> {
        if std::ptr::eq(self, other) {
            return Err(InputError::new_err("cannot merge a pipeline with itself").into());
        }
        gate::run(py, || {
            // Both locks are always taken in the order of their addresses: two threads that merge
            // crosswise cannot wait for each other.
            let (mut left, right);
            if (&raw const self.inner) < (&raw const other.inner) {
                left = gate::lock(&self.inner)?;
                right = gate::lock(&other.inner)?;
            } else {
                right = gate::lock(&other.inner)?;
                left = gate::lock(&self.inner)?;
            }
            left.merge(&right).map_err(PyEvcoreError::from)
        })
    }

    #[pyo3(name = "finish")]
    fn py_finish(&self, py: Python<'_>) -> Result<(), PyEvcoreError> {
        gate::run(py, || {
            gate::lock(&self.inner)?.finish();
            Ok::<_, PyEvcoreError>(())
        })
    }
}

fn metrics_dict(py: Python<'_>, metrics: Metrics) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("received", metrics.received)?;
    dict.set_item("kept", metrics.kept)?;
    dict.set_item("duplicate", metrics.duplicate)?;
    dict.set_item("filtered", by_name(py, metrics.filtered)?)?;
    dict.set_item("rejected", by_name(py, metrics.rejected)?)?;
    dict.set_item("notes", by_name(py, metrics.notes)?)?;
    dict.set_item("tags", by_name(py, metrics.tags)?)?;
    dict.set_item("categories", by_name(py, metrics.categories)?)?;
    dict.set_item("bytes", metrics.bytes)?;
    dict.set_item("lines", metrics.lines)?;
    let rules = PyList::empty(py);
    for rule in metrics.rules {
        let entry = PyDict::new(py);
        entry.set_item("section", rule.section)?;
        entry.set_item("name", rule.name)?;
        entry.set_item("matched", rule.counts.matched)?;
        entry.set_item("missing", rule.counts.missing)?;
        entry.set_item("errors", rule.counts.errors)?;
        rules.append(entry)?;
    }
    dict.set_item("rules", rules)?;
    Ok(dict)
}

fn by_name<'py, K: IntoPyObject<'py>>(
    py: Python<'py>,
    counts: Vec<(K, u64)>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, count) in counts {
        dict.set_item(name, count)?;
    }
    Ok(dict)
}

fn explanation_dict<'py>(
    py: Python<'py>,
    explanation: &evcore::pipeline::Explanation,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("outcome", &explanation.outcome)?;
    dict.set_item("category", explanation.category.as_deref().unwrap_or(""))?;
    dict.set_item("tags", &explanation.tags)?;
    dict.set_item("fields", fields(py, &explanation.fields)?)?;
    let rules = PyList::empty(py);
    for rule in &explanation.rules {
        let entry = PyDict::new(py);
        entry.set_item("section", rule.section)?;
        entry.set_item("name", &rule.name)?;
        entry.set_item("rule", &rule.source)?;
        entry.set_item("verdict", rule.verdict)?;
        entry.set_item("message", &rule.message)?;
        entry.set_item("reads", fields(py, &rule.reads)?)?;
        rules.append(entry)?;
    }
    dict.set_item("rules", rules)?;
    Ok(dict)
}

fn fields<'py>(
    py: Python<'py>,
    fields: &[evcore::pipeline::ExplainedField],
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for field in fields {
        let entry = PyDict::new(py);
        entry.set_item("path", &field.path)?;
        entry.set_item("kind", field.kind)?;
        entry.set_item("value", &field.value)?;
        list.append(entry)?;
    }
    Ok(list)
}
