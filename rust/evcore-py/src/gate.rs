//! The one place where the GIL is given up: once for a whole call, never for an event.

use std::sync::{Mutex, MutexGuard};

use pyo3::marker::Ungil;
use pyo3::prelude::*;

use crate::errors::PyEvcoreError;

/// Runs `work` without the GIL.
pub(crate) fn run<T, E, F>(py: Python<'_>, work: F) -> Result<T, PyEvcoreError>
where
    F: Ungil + FnOnce() -> Result<T, E>,
    T: Ungil,
    E: Ungil + Into<PyEvcoreError>,
    Result<T, E>: Ungil,
{
    py.detach(work).map_err(Into::into)
}

/// Returns what a mutex guards. Only called without the GIL: whoever holds the mutex may be waiting
/// for the GIL.
///
/// # Errors
///
/// [`PyEvcoreError::Broken`] if another call panicked while it held the mutex: what it guards may be
/// half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, PyEvcoreError> {
    mutex.lock().map_err(|_| PyEvcoreError::Broken)
}
