//! Face: `evcore.aggregate.AggregateResult`.

use evcore::aggregate::AggregateResult;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::arrow;
use crate::column::PyColumn;
use crate::errors::PyEvcoreError;

/// An aggregate's answer.
#[pyclass(frozen, name = "AggregateResult", module = "evcore._core")]
pub(crate) struct PyAggregateResult {
    #[pyo3(get)]
    name: String,
    #[pyo3(get)]
    best: Option<String>,
    #[pyo3(get)]
    given_up_rows: u64,
    #[pyo3(get)]
    mistyped: u64,
    rows: usize,
    columns: Vec<Py<PyColumn>>,
}

impl PyAggregateResult {
    /// Takes an answer of the engine.
    pub(crate) fn new(py: Python<'_>, result: AggregateResult) -> Result<Self, PyEvcoreError> {
        let mut columns = Vec::with_capacity(result.key_columns.len() + 1);
        for column in result.key_columns.into_iter().chain([result.value]) {
            columns.push(Py::new(py, PyColumn::new(column)?)?);
        }
        Ok(PyAggregateResult {
            name: result.name,
            best: result.best_slot,
            given_up_rows: result.given_up_rows,
            mistyped: result.mistyped,
            rows: result.rows,
            columns,
        })
    }
}

#[pymethods]
impl PyAggregateResult {
    fn __len__(&self) -> usize {
        self.rows
    }

    /// Returns the key columns, then the value.
    fn columns(&self, py: Python<'_>) -> Vec<Py<PyColumn>> {
        self.columns.iter().map(|column| column.clone_ref(py)).collect()
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyCapsule>, PyEvcoreError> {
        // The protocol lets a producer that cannot convert ignore the wish.
        let _ = requested_schema;
        let column = |column: &Py<PyColumn>| {
            let column = column.get();
            (column.name().to_owned(), column.array.clone())
        };
        arrow::stream(py, self.columns.iter().map(column).collect(), self.rows)
    }
}
