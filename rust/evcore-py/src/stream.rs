//! Face: the walk over one source in `evcore.steps`.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use evcore::Stream;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::batch::PyEventBatch;
use crate::buffer::Bytes;
use crate::errors::{InputError, PyEvcoreError};
use crate::gate;
use crate::pipeline::PyPipeline;

/// Bytes of a file between two looks at the clock: some 10 ms on one core, and enough for all.
const FILE_STEP_BYTES: usize = 8 << 20;

/// One source that is being read.
#[pyclass(frozen, name = "Stream", module = "evcore._core")]
pub(crate) struct PyStream {
    state: Mutex<State>,
    pipeline: Py<PyPipeline>,
}

struct State {
    stream: Stream,
    file: Option<File>,
}

impl PyStream {
    /// Takes a stream of the engine.
    pub(crate) fn new(stream: Stream, pipeline: Py<PyPipeline>) -> PyStream {
        PyStream { state: Mutex::new(State { stream, file: None }), pipeline }
    }

    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl Send + FnOnce(&mut Stream) -> T,
    ) -> Result<T, PyEvcoreError> {
        gate::run(py, || Ok::<_, PyEvcoreError>(work(&mut gate::lock(&self.state)?.stream)))
    }
}

#[pymethods]
impl PyStream {
    #[getter]
    fn rows(&self, py: Python<'_>) -> Result<usize, PyEvcoreError> {
        self.with(py, |stream| stream.rows())
    }

    #[getter]
    fn bytes_read(&self, py: Python<'_>) -> Result<u64, PyEvcoreError> {
        self.with(py, |stream| stream.bytes_read())
    }

    /// Opens the file that `step` reads.
    fn open(&self, py: Python<'_>, path: PathBuf) -> Result<(), PyEvcoreError> {
        gate::run(py, || {
            let file = File::open(path).map_err(evcore::Error::Io)?;
            gate::lock(&self.state)?.file = Some(file);
            Ok::<_, PyEvcoreError>(())
        })
    }

    /// Reads the open file for about so many seconds, and at most about so many bytes; returns
    /// whether there is more.
    #[pyo3(name = "step")]
    fn py_step(&self, py: Python<'_>, seconds: f64, bytes: u64) -> Result<bool, PyEvcoreError> {
        let pipeline = self.pipeline.get();
        let limit = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        gate::run(py, || {
            let started = Instant::now();
            let mut pipeline = gate::lock(&pipeline.inner)?;
            let mut state = gate::lock(&self.state)?;
            let State { stream, file } = &mut *state;
            let file = file.as_ref().ok_or(InputError::new_err("no file is open"))?;
            let end = stream.bytes_read().saturating_add(bytes);
            while pipeline.step_file(stream, file, FILE_STEP_BYTES)? {
                if started.elapsed() >= limit || stream.bytes_read() >= end {
                    return Ok::<_, PyEvcoreError>(true);
                }
            }
            Ok(false)
        })
    }

    /// Takes in `length` bytes of `data` from `start` on; returns where it stopped.
    #[pyo3(name = "push")]
    fn py_push(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        start: usize,
        length: usize,
    ) -> Result<usize, PyEvcoreError> {
        let bytes = Bytes::of(data)?;
        let pipeline = self.pipeline.get();
        gate::run(py, || {
            let bytes = bytes.as_slice();
            let stop = start.saturating_add(length).min(bytes.len());
            let piece = bytes.get(start..stop).unwrap_or_default();
            let mut pipeline = gate::lock(&pipeline.inner)?;
            pipeline.push(&mut gate::lock(&self.state)?.stream, piece);
            Ok::<_, PyEvcoreError>(stop)
        })
    }

    #[pyo3(name = "push_end")]
    fn py_push_end(&self, py: Python<'_>) -> Result<(), PyEvcoreError> {
        let pipeline = self.pipeline.get();
        gate::run(py, || {
            let mut pipeline = gate::lock(&pipeline.inner)?;
            pipeline.push_end(&mut gate::lock(&self.state)?.stream);
            Ok::<_, PyEvcoreError>(())
        })
    }

    fn take_batch(&self, py: Python<'_>) -> Result<PyEventBatch, PyEvcoreError> {
        let batch = self.with(py, Stream::take_batch)?;
        Ok(PyEventBatch::new(batch, self.pipeline.clone_ref(py)))
    }

    fn take_ndjson<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>, PyEvcoreError> {
        let lines = self.with(py, Stream::take_ndjson)?;
        Ok(PyBytes::new(py, &lines))
    }
}
