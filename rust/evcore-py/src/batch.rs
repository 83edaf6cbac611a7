//! Face: `evcore.batch.EventBatch`.

use std::sync::{Arc, Mutex};

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::Buffer;
use evcore::EventBatch;
use evcore::aggregate::ResultColumn;
use evcore::decode::Reject;
use evcore::pipeline::Counts;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCapsule, PyDict, PyList, PyMemoryView};

use crate::arrow;
use crate::buffer;
use crate::column::PyColumn;
use crate::errors::PyEvcoreError;
use crate::pipeline::PyPipeline;

/// Line, byte, reason, message, text.
type RejectTuple = (u64, u64, &'static str, &'static str, String);

/// The kept events of one call.
///
/// The columns become Arrow arrays when somebody first asks for them: a caller who only wants the
/// counts of a small call does not pay for them.
#[pyclass(frozen, name = "EventBatch", module = "evcore._core")]
pub(crate) struct PyEventBatch {
    raw: Mutex<Vec<ResultColumn>>,
    columns: PyOnceLock<Vec<Py<PyColumn>>>,
    rows: usize,
    tags: Buffer,
    tag_names: Arc<[String]>,
    categories: Buffer,
    category_names: Arc<[String]>,
    lines: Buffer,
    rejects: Vec<Reject>,
    counts: Counts,
    /// Knows what the counters are called.
    pipeline: Py<PyPipeline>,
}

impl PyEventBatch {
    /// Takes a batch of the engine.
    pub(crate) fn new(batch: EventBatch, pipeline: Py<PyPipeline>) -> PyEventBatch {
        PyEventBatch {
            raw: Mutex::new(batch.columns),
            columns: PyOnceLock::new(),
            rows: batch.rows,
            tags: Buffer::from_vec(batch.tags),
            tag_names: batch.tag_names,
            categories: Buffer::from_vec(batch.categories),
            category_names: batch.category_names,
            lines: Buffer::from_vec(batch.lines),
            rejects: batch.rejects,
            counts: batch.counts,
            pipeline,
        }
    }

    fn made(&self, py: Python<'_>) -> Result<&Vec<Py<PyColumn>>, PyEvcoreError> {
        self.columns.get_or_try_init(py, || {
            let raw = std::mem::take(&mut *self.raw.lock().map_err(|_| PyEvcoreError::Broken)?);
            raw.into_iter().map(|column| Ok(Py::new(py, PyColumn::new(column)?)?)).collect()
        })
    }

    fn tags_of(&self, row: usize) -> impl Iterator<Item = &str> {
        let bits = self.tags.typed_data::<u64>()[row];
        let names = self.tag_names.iter().enumerate();
        names.filter(move |(tag, _)| bits >> tag & 1 != 0).map(|(_, name)| name.as_str())
    }

    fn category_of(&self, row: usize) -> &str {
        match self.categories.typed_data::<u16>()[row].checked_sub(1) {
            Some(number) => &self.category_names[usize::from(number)],
            None => "",
        }
    }

    fn rows_within(&self, start: usize, stop: usize) -> std::ops::Range<usize> {
        start..stop.min(self.rows).max(start)
    }

    fn tag_array(&self) -> ArrayRef {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..self.rows {
            self.tags_of(row).for_each(|name| lists.values().append_value(name));
            lists.append(true);
        }
        Arc::new(lists.finish())
    }
}

#[pymethods]
impl PyEventBatch {
    fn __len__(&self) -> usize {
        self.rows
    }

    #[getter]
    fn tag_names(&self) -> Vec<&str> {
        self.tag_names.iter().map(String::as_str).collect()
    }

    #[getter]
    fn category_names(&self) -> Vec<&str> {
        self.category_names.iter().map(String::as_str).collect()
    }

    fn columns(&self, py: Python<'_>) -> Result<Vec<Py<PyColumn>>, PyEvcoreError> {
        Ok(self.made(py)?.iter().map(|column| column.clone_ref(py)).collect())
    }

    /// Returns 64 bits for each event; bit `n` is tag `n`.
    fn tag_bits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        buffer::view(py, self.tags.clone())
    }

    fn tag_lists<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let rows = self.rows_within(start, stop);
        PyList::new(py, rows.map(|row| self.tags_of(row).collect::<Vec<_>>()))
    }

    /// Returns 16 bits for each event: 0 for no category, else 1 + its number.
    fn category_codes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        buffer::view(py, self.categories.clone())
    }

    fn category_list(&self, start: usize, stop: usize) -> Vec<&str> {
        self.rows_within(start, stop).map(|row| self.category_of(row)).collect()
    }

    fn lines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        buffer::view(py, self.lines.clone())
    }

    fn rejects(&self) -> Vec<RejectTuple> {
        let tuple = |r: &Reject| (r.line, r.byte, r.reason.name(), r.message, r.text.clone());
        self.rejects.iter().map(tuple).collect()
    }

    fn counts<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>, PyEvcoreError> {
        self.pipeline.get().named(py, &self.counts)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyCapsule>, PyEvcoreError> {
        // The protocol lets a producer that cannot convert ignore the wish.
        let _ = requested_schema;
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for column in self.made(py)? {
            columns.push((column.get().name().to_owned(), column.get().array.clone()));
        }
        let categories = || (0..self.rows).map(|row| Some(self.category_of(row)));
        let more: [(&str, &dyn Fn() -> ArrayRef); 2] = [
            ("tags", &|| self.tag_array()),
            ("category", &|| Arc::new(categories().collect::<StringArray>())),
        ];
        for (name, array) in more {
            // A column of the configuration wins: two of one name would be of no use.
            if columns.iter().all(|(taken, _)| taken != name) {
                columns.push((name.to_owned(), array()));
            }
        }
        arrow::stream(py, columns, self.rows)
    }
}
