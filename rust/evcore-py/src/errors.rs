//! Engine errors as the exceptions of `evcore.errors`, which are written in Python.

use evcore::Error;
use evcore::config::ConfigError as EngineConfigError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

pyo3::import_exception!(evcore.errors, EvcoreError);
pyo3::import_exception!(evcore.errors, ConfigError);
pyo3::import_exception!(evcore.errors, RuleError);
pyo3::import_exception!(evcore.errors, DecodeError);
pyo3::import_exception!(evcore.errors, InputError);

/// An engine error on its way to Python; a local type, as the orphan rule asks.
#[derive(Debug)]
pub(crate) enum PyEvcoreError {
    /// A stage failed as a whole.
    Engine(Error),
    /// The configuration or a rule is not valid.
    Config(EngineConfigError),
    /// A call of Python failed.
    Python(PyErr),
    /// The engine broke a promise of its own.
    Internal(String),
    /// An earlier call panicked half way.
    Broken,
}

impl From<Error> for PyEvcoreError {
    fn from(error: Error) -> Self {
        PyEvcoreError::Engine(error)
    }
}

impl From<EngineConfigError> for PyEvcoreError {
    fn from(error: EngineConfigError) -> Self {
        PyEvcoreError::Config(error)
    }
}

impl From<PyErr> for PyEvcoreError {
    fn from(error: PyErr) -> Self {
        PyEvcoreError::Python(error)
    }
}

impl From<PyEvcoreError> for PyErr {
    fn from(error: PyEvcoreError) -> Self {
        match error {
            PyEvcoreError::Engine(error) => engine_error(error),
            PyEvcoreError::Config(error) => Python::attach(|py| config_error(py, &error)),
            PyEvcoreError::Python(error) => error,
            PyEvcoreError::Internal(message) => {
                EvcoreError::new_err(format!("a fault of evcore itself: {message}"))
            }
            PyEvcoreError::Broken => {
                EvcoreError::new_err("the pipeline broke in an earlier call: make a new one")
            }
        }
    }
}

fn engine_error(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Config(error) => Python::attach(|py| config_error(py, &error)),
        Error::Aggregate(_) => ConfigError::new_err(message),
        Error::Kernel { .. } => EvcoreError::new_err(message),
        Error::Feed { .. } | Error::Merge(_) => InputError::new_err(message),
        Error::Io(error) => error.into(),
    }
}

fn config_error(py: Python<'_>, error: &EngineConfigError) -> PyErr {
    let is_rule = |code: &str| code.starts_with("E1");
    let only_rules = error.problems.iter().all(|problem| is_rule(problem.code));
    let message = error.to_string();
    match problems(py, error) {
        Err(failure) => failure,
        Ok(problems) if only_rules => RuleError::new_err((message, problems)),
        Ok(problems) => ConfigError::new_err((message, problems)),
    }
}

/// Returns the problems as `evcore.errors.Problem` dictionaries.
fn problems(py: Python<'_>, error: &EngineConfigError) -> PyResult<Py<PyList>> {
    let list = PyList::empty(py);
    for problem in &error.problems {
        let position = problem.position(&error.source);
        let entry = PyDict::new(py);
        entry.set_item("code", problem.code)?;
        entry.set_item("message", &problem.message)?;
        entry.set_item("file", &error.source.name)?;
        entry.set_item("line", position.map(|(line, _)| line))?;
        entry.set_item("column", position.map(|(_, column)| column))?;
        entry.set_item("key_path", &problem.key_path)?;
        entry.set_item("hint", &problem.hint)?;
        list.append(entry)?;
    }
    Ok(list.unbind())
}
