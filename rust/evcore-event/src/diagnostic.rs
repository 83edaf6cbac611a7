//! What is wrong with a configuration or a rule, and where: one type for both, so that one renderer
//! draws the caret.

use std::fmt::Write;
use std::ops::Range;

/// A source text with its name, to point into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceText {
    /// The file's name as the user gave it, or what stands for it: `<config>`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code such as `E101`; never used again for another meaning.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// Where, as bytes of the source text, if there is a text.
    pub span: Option<Range<usize>>,
    /// Where, as a path of keys: `tag[0].when`; empty for the whole.
    pub key_path: String,
    /// What would help: `did you mean …?`
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Returns the line and column, both from 1, the column in characters.
    pub fn position(&self, source: &SourceText) -> Option<(usize, usize)> {
        let start = self.span.as_ref()?.start.min(source.text.len());
        let before = &source.text[..source.text.floor_char_boundary(start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }

    /// Returns the problem as text, with the line it is in and carets below the place.
    pub fn render(&self, source: &SourceText) -> String {
        let mut out = format!("error[{}]: {}", self.code, self.message);
        if let (Some((line, column)), Some(span)) = (self.position(source), &self.span) {
            let text = source.text.lines().nth(line - 1).unwrap_or("");
            let width = line.to_string().len();
            let pad = " ".repeat(width);
            let shown: String = text.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
            let left = text.chars().count().saturating_sub(column - 1).max(1);
            let start = source.text.floor_char_boundary(span.start.min(source.text.len()));
            let end = source.text.floor_char_boundary(span.end.min(source.text.len())).max(start);
            let carets = source.text[start..end].chars().count().clamp(1, left);
            let _ = write!(
                out,
                "\n{pad}--> {}:{line}:{column}\n{pad} |\n{line} | {shown}\n{pad} | {}{}",
                source.name,
                " ".repeat(column - 1),
                "^".repeat(carets)
            );
        } else if !source.name.is_empty() {
            let _ = write!(out, "\n  --> {}", source.name);
        }
        if !self.key_path.is_empty() {
            let _ = write!(out, "\n  key: {}", self.key_path);
        }
        if let Some(hint) = &self.hint {
            let _ = write!(out, "\n  help: {hint}");
        }
        out
    }
}

/// Returns the candidate that `word` most looks like, if it is close enough to be a slip.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = 1 + word.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns how many letters must be added, removed, changed or swapped (optimal string alignment).
fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let change = usize::from(left[i - 1] != right[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_place() {
        let source = SourceText { name: "a.toml".into(), text: "x = 1\nnäme = 2\n".into() };
        let problem = Diagnostic {
            code: "E001",
            message: "unknown key `näme`".into(),
            span: Some(6..11),
            key_path: "näme".into(),
            hint: did_you_mean("näme", ["name", "window"]).map(|w| format!("did you mean `{w}`?")),
        };
        assert_eq!(
            problem.render(&source),
            "error[E001]: unknown key `näme`\n --> a.toml:2:1\n  |\n2 | näme = 2\n  | ^^^^\n  key: näme\n  help: did you mean `name`?"
        );
    }

    #[test]
    fn a_swap_is_one_slip() {
        assert_eq!(did_you_mean("wehn", ["when", "name"]), Some("when"));
        assert_eq!(did_you_mean("colour", ["when", "name"]), None);
    }
}
