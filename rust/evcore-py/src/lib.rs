//! The Python binding of evcore. Every function here is four steps: extract, detach, call, convert;
//! docstrings and defaults stand in `python/evcore`.

mod gate;
mod errors;
mod buffer;
mod column;
mod arrow;
mod batch;
mod result;
mod stream;
mod pipeline;

use evcore::Pipeline;
use evcore::config::Config;
use evcore::decode::Kernel;
use pyo3::prelude::*;

use errors::PyEvcoreError;

/// Reads a configuration and compiles its rules; returns it normalised, as JSON.
#[pyfunction]
#[pyo3(name = "check_config")]
fn py_check_config(
    py: Python<'_>,
    text: &str,
    format: &str,
    file: &str,
) -> Result<String, PyEvcoreError> {
    gate::run(py, || {
        let config = match format {
            "toml" => Config::from_toml(text, file)?,
            _ => Config::from_json(text, file)?,
        };
        Pipeline::new(config, 1).map(|pipeline| pipeline.config().to_json())
    })
}

/// Returns the name of the kernel that indexes the input on this machine.
#[pyfunction]
#[pyo3(name = "simd_kernel")]
fn py_simd_kernel(py: Python<'_>) -> Result<&'static str, PyEvcoreError> {
    gate::run(py, || Kernel::choose().map(Kernel::name))
}

/// Returns whether the engine was built without optimisation.
#[pyfunction]
#[pyo3(name = "is_debug_build")]
fn py_is_debug_build() -> bool {
    cfg!(debug_assertions)
}

/// The extension module `evcore._core`.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::batch::PyEventBatch;
    #[pymodule_export]
    use super::buffer::PyEngineBuffer;
    #[pymodule_export]
    use super::column::PyColumn;
    #[pymodule_export]
    use super::pipeline::PyPipeline;
    #[pymodule_export]
    use super::result::PyAggregateResult;
    #[pymodule_export]
    use super::stream::PyStream;
    #[pymodule_export]
    use super::{py_check_config, py_is_debug_build, py_simd_kernel};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
