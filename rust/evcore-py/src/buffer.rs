//! Memory that Python and the engine share without a copy: Python's bytes as a slice, and the
//! engine's columns as Python buffers.
//!
//! One of the two places of evcore that hold `unsafe`: Python's buffer protocol is made of pointers.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr;

use arrow_buffer::Buffer;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

use crate::errors::InputError;

/// Bytes of a Python object that stay where they are for as long as this lives: an exported buffer
/// cannot be freed, and a `bytearray` with an export cannot be resized.
pub(crate) struct Bytes {
    buffer: PyBuffer<u8>,
}

impl Bytes {
    /// Returns the bytes of a contiguous buffer.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Bytes> {
        let buffer = PyBuffer::<u8>::get(object)?;
        if !buffer.is_c_contiguous() {
            return Err(InputError::new_err("the buffer is not contiguous"));
        }
        Ok(Bytes { buffer })
    }

    /// Returns the bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        let len = self.buffer.len_bytes();
        if len == 0 {
            // An empty buffer may have a null pointer.
            return &[];
        }
        // SAFETY: the export keeps `len` contiguous bytes alive at this address until the buffer is
        // released, which happens when `self` is dropped. Python code of another thread could write
        // into a bytearray meanwhile; the documentation of `process` forbids it, and all of the
        // engine's slicing is checked, so that what it would get is wrong values, not wild pointers.
        unsafe { std::slice::from_raw_parts(self.buffer.buf_ptr().cast::<u8>(), len) }
    }
}

/// Returns a read-only view of the engine's memory, for `numpy.frombuffer(view, dtype)`.
pub(crate) fn view<'py>(py: Python<'py>, inner: Buffer) -> PyResult<Bound<'py, PyMemoryView>> {
    PyMemoryView::from(Bound::new(py, PyEngineBuffer { inner })?.as_any())
}

/// Memory of the engine's that Python may look at.
#[pyclass(frozen, name = "Buffer", module = "evcore._core")]
pub(crate) struct PyEngineBuffer {
    inner: Buffer,
}

#[pymethods]
impl PyEngineBuffer {
    fn __len__(&self) -> usize {
        self.inner.len()
    }

    /// SAFETY: CPython calls it with a view to fill, or with null.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill"));
        }
        let (data, len) = {
            let inner = &slf.get().inner;
            (inner.as_ptr().cast_mut().cast::<c_void>(), inner.len())
        };
        let owner = slf.into_any().into_ptr();
        // SAFETY: `view` is valid by this slot's contract. The memory is immutable and lives as long
        // as `owner`, to which the view keeps a reference; the view is marked read-only. On failure
        // PyBuffer_FillInfo takes no reference, and ours is given back.
        unsafe {
            let result = ffi::PyBuffer_FillInfo(view, owner, data, len as isize, 1, flags);
            ffi::Py_DECREF(owner);
            if result != 0 {
                (*view).obj = ptr::null_mut();
                return Err(PyErr::fetch(Python::assume_attached()));
            }
        }
        Ok(())
    }
}
