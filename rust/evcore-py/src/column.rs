//! One column on its way to Python: an Arrow array, whose memory numpy and Arrow share.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeStringArray,
    TimestampMicrosecondArray, UInt64Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use evcore::aggregate::{OwnedCell, ResultColumn, Values};
use evcore_event::Cell;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyMemoryView, PyNone, PyString};

use crate::buffer;
use crate::errors::PyEvcoreError;

/// A column: a name, a kind and one value for each row.
#[pyclass(frozen, name = "Column", module = "evcore._core")]
pub(crate) struct PyColumn {
    name: String,
    pub(crate) array: ArrayRef,
    /// The values of a `mixed` column, whose array holds their text.
    mixed: Option<Vec<OwnedCell>>,
}

impl PyColumn {
    /// Takes a column of the engine.
    pub(crate) fn new(column: ResultColumn) -> Result<PyColumn, PyEvcoreError> {
        let ResultColumn { name, values, valid } = column;
        let (array, mixed) = arrays(values, valid)?;
        Ok(PyColumn { name, array, mixed })
    }

    /// Returns the column's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Returns the values as an Arrow array, with NaN or `i64::MIN` (numpy's NaT) where there is none.
fn arrays(
    values: Values,
    valid: Option<Vec<bool>>,
) -> Result<(ArrayRef, Option<Vec<OwnedCell>>), PyEvcoreError> {
    let nulls = valid.as_ref().map(|valid| NullBuffer::from(valid.as_slice()));
    let missing = || valid.iter().flatten().enumerate().filter(|(_, valid)| !**valid);
    let array: ArrayRef = match values {
        Values::Bool(values) => Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)),
        Values::Int(values) => Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls)),
        Values::Uint(values) => Arc::new(UInt64Array::new(ScalarBuffer::from(values), nulls)),
        Values::Double(mut values) => {
            missing().for_each(|(row, _)| values[row] = f64::NAN);
            Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls))
        }
        Values::Time(mut values) => {
            missing().for_each(|(row, _)| values[row] = i64::MIN);
            let times = TimestampMicrosecondArray::new(ScalarBuffer::from(values), nulls);
            Arc::new(times.with_timezone("UTC"))
        }
        Values::Text(texts) => {
            let offsets = OffsetBuffer::new(ScalarBuffer::from(texts.offsets));
            let texts = LargeStringArray::try_new(offsets, Buffer::from_vec(texts.bytes), nulls);
            Arc::new(texts.map_err(|error| PyEvcoreError::Internal(error.to_string()))?)
        }
        Values::Mixed(cells) => {
            let texts: LargeStringArray = cells.iter().map(|cell| text_of(cell.cell())).collect();
            return Ok((Arc::new(texts), Some(cells)));
        }
    };
    Ok((array, None))
}

/// Returns a value of any kind as text; lists and maps as JSON.
fn text_of(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Missing | Cell::Null | Cell::Mismatch => None,
        Cell::Bool(value) => Some(value.to_string()),
        Cell::Int(value) | Cell::Time(value) => Some(value.to_string()),
        Cell::Uint(value) => Some(value.to_string()),
        Cell::Double(value) => Some(value.to_string()),
        Cell::Text(text) | Cell::List(text) | Cell::Map(text) => {
            Some(String::from_utf8_lossy(text).into_owned())
        }
    }
}

/// Returns a value of any kind as a Python object; lists and maps as their JSON text.
fn object_of(py: Python<'_>, cell: Cell<'_>) -> PyResult<Py<PyAny>> {
    match cell {
        Cell::Bool(value) => value.into_py_any(py),
        Cell::Int(value) | Cell::Time(value) => value.into_py_any(py),
        Cell::Uint(value) => value.into_py_any(py),
        Cell::Double(value) => value.into_py_any(py),
        cell => text_of(cell).into_py_any(py),
    }
}

#[pymethods]
impl PyColumn {
    #[getter]
    #[pyo3(name = "name")]
    fn py_name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn kind(&self) -> &'static str {
        use arrow_schema::DataType;
        match self.array.data_type() {
            _ if self.mixed.is_some() => "mixed",
            DataType::Boolean => "bool",
            DataType::Int64 => "int",
            DataType::UInt64 => "uint",
            DataType::Float64 => "double",
            DataType::Timestamp(..) => "time",
            _ => "text",
        }
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }

    /// Returns the numbers, 8 bytes each; bools as one byte each; of texts their bytes.
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        let data = match self.array.as_any().downcast_ref::<BooleanArray>() {
            Some(values) => bytes_of(values.values()),
            None => self.array.to_data().buffers().last().cloned().unwrap_or_default(),
        };
        buffer::view(py, data)
    }

    /// Returns one byte for each row: 1 where it has a value; none if all have.
    fn present<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyMemoryView>>> {
        self.array.nulls().map(|nulls| buffer::view(py, bytes_of(nulls.inner()))).transpose()
    }

    /// Returns the rows from `start` up to `stop` as Python objects; times in microseconds.
    fn to_list<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let rows = start..stop.min(self.array.len()).max(start);
        if let Some(cells) = &self.mixed {
            let values: PyResult<Vec<Py<PyAny>>> =
                cells[rows].iter().map(|cell| object_of(py, cell.cell())).collect();
            return PyList::new(py, values?);
        }
        let array = self.array.slice(rows.start, rows.len());
        let array = array.as_any();
        if let Some(texts) = array.downcast_ref::<LargeStringArray>() {
            return texts_of(py, texts);
        }
        if let Some(values) = array.downcast_ref::<Float64Array>() {
            return PyList::new(py, values.iter().collect::<Vec<_>>());
        }
        if let Some(values) = array.downcast_ref::<Int64Array>() {
            return PyList::new(py, values.iter().collect::<Vec<_>>());
        }
        if let Some(values) = array.downcast_ref::<TimestampMicrosecondArray>() {
            return PyList::new(py, values.iter().collect::<Vec<_>>());
        }
        if let Some(values) = array.downcast_ref::<UInt64Array>() {
            return PyList::new(py, values.iter().collect::<Vec<_>>());
        }
        let values = array.downcast_ref::<BooleanArray>();
        PyList::new(py, values.into_iter().flatten().collect::<Vec<_>>())
    }
}

/// Returns texts as Python objects; equal neighbours share one.
fn texts_of<'py>(py: Python<'py>, texts: &LargeStringArray) -> PyResult<Bound<'py, PyList>> {
    let none = PyNone::get(py).to_owned().into_any();
    let mut last: Option<(&str, Bound<'py, PyAny>)> = None;
    let mut values = Vec::with_capacity(texts.len());
    for text in texts {
        values.push(match (text, &last) {
            (None, _) => none.clone(),
            (Some(text), Some((same, object))) if text == *same => object.clone(),
            (Some(text), _) => {
                let object = PyString::new(py, text).into_any();
                last = Some((text, object.clone()));
                object
            }
        });
    }
    PyList::new(py, values)
}

fn bytes_of(bits: &BooleanBuffer) -> Buffer {
    Buffer::from_vec(bits.iter().map(u8::from).collect::<Vec<u8>>())
}
