//! The normalised form: JSON with every default filled in, which reads back to an equal
//! configuration. Two files that mean the same have the same normalised form.

use std::fmt::Write;

use super::{Config, FilterAction, Word};

/// Writes JSON piece by piece; commas come by themselves.
struct Writer {
    out: String,
}

impl Writer {
    fn comma(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(['{', '[', ':']) {
            self.out.push(',');
        }
    }

    fn key(&mut self, key: &str) -> &mut Self {
        self.comma();
        write_text(&mut self.out, key);
        self.out.push(':');
        self
    }

    fn text(&mut self, text: &str) {
        self.comma();
        write_text(&mut self.out, text);
    }

    /// Writes what JSON and Rust spell alike: numbers and flags.
    fn plain(&mut self, value: impl std::fmt::Display) {
        self.comma();
        let _ = write!(self.out, "{value}");
    }

    fn table(&mut self, fill: impl FnOnce(&mut Self)) {
        self.comma();
        self.out.push('{');
        fill(self);
        self.out.push('}');
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.comma();
        self.out.push('[');
        for item in items {
            each(self, item);
        }
        self.out.push(']');
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Returns the normalised JSON of a configuration.
pub(crate) fn to_json(config: &Config) -> String {
    let mut writer = Writer { out: String::new() };
    writer.table(|w| {
        w.key("version").plain(config.version.value);
        w.key("feed").text(config.feed.value.text());
        w.key("timezone").text(&config.timezone.value);
        w.key("json").text(config.json.value.word());
        w.key("types").table(|w| {
            for line in &config.types {
                w.key(&line.path.value.to_string()).text(line.value_type.value.word());
            }
        });
        w.key("category").list(&config.categories, |w, category| {
            w.table(|w| {
                w.key("name").text(&category.name.value);
                w.key("when").text(&category.when.value);
            });
        });
        w.key("tag").list(&config.tags, |w, tag| {
            w.table(|w| {
                w.key("name").text(&tag.name.value);
                w.key("when").text(&tag.when.value);
            });
        });
        w.key("filter").list(&config.filters, |w, filter| {
            w.table(|w| {
                w.key("name").text(&filter.name.value);
                match &filter.action {
                    FilterAction::Drop(rule) => w.key("drop").text(&rule.value),
                    FilterAction::Keep(rule) => w.key("keep").text(&rule.value),
                    FilterAction::SampleUsersPercent(percent) => {
                        w.key("sample_users_percent").plain(percent.value);
                    }
                }
            });
        });
        write_aggregates(w, config);
        w.key("output").table(|w| {
            w.key("columns").table(|w| {
                for column in &config.output.columns {
                    w.key(&column.name.value).text(&column.path.value.to_string());
                }
            });
        });
        write_feeds(w, config);
        w.key("limits").table(|w| {
            w.key("max_depth").plain(config.limits.max_depth.value);
            w.key("max_event_bytes").plain(config.limits.max_event_bytes.value);
            w.key("max_rejects").plain(config.limits.max_rejects.value);
        });
    });
    writer.out
}

fn write_aggregates(w: &mut Writer, config: &Config) {
    w.key("aggregate").list(&config.aggregates, |w, aggregate| {
        w.table(|w| {
            w.key("name").text(&aggregate.name.value);
            let measure = &aggregate.measure.value;
            match measure.path() {
                Some(path) => w.key(measure.key()).text(&path.to_string()),
                None => w.key(measure.key()).plain(true),
            }
            w.key("by").list(&aggregate.by, |w, part| w.text(&part.value.text()));
            if let Some(window) = &aggregate.window {
                w.key("window").text(&window.value.text());
            }
            if let Some(condition) = &aggregate.condition {
                w.key("where").text(&condition.value);
            }
            w.key("max_groups").plain(aggregate.max_groups.value);
        });
    });
}

fn write_feeds(w: &mut Writer, config: &Config) {
    w.key("feeds").table(|w| {
        for feed in &config.feeds {
            w.key(&feed.name.value).table(|w| {
                w.key("map").table(|w| {
                    for field in &feed.map {
                        w.key(&field.target.value.to_string()).text(&field.wire.value.to_string());
                    }
                });
                w.key("time_unit").text(feed.time_unit.value.word());
                w.key("skew").text(feed.skew.value.word());
                if let Some(source) = &feed.source {
                    w.key("source").text(&source.value.to_string());
                }
            });
        }
    });
}
