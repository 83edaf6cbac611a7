//! Where the time of a pipeline goes: each stage alone, in GB/s and cycles per byte.
//!
//! ```sh
//! cargo run --release -p evcore --example stages -- benches/w1.toml events.ndjson
//! ```
//!
//! Prints a Markdown table of the median of five runs. The clock of most machines wanders, and few
//! let a program count cycles, so a chain of multiplications with a known length in cycles is timed
//! beside the runs and says how long a cycle was.

use std::error::Error;
use std::fs::{File, read_to_string};
use std::hint::black_box;
use std::time::Instant;

use evcore::{Call, Config, Pipeline, Sink};

const RUNS: usize = 5;
const STEP_BYTES: usize = 32 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, events] = &arguments[..] else {
        return Err("usage: stages CONFIG EVENTS".into());
    };
    let text = read_to_string(config)?;
    let mut runs = Vec::new();
    let (mut bytes, mut kept) = (0, None);
    for _ in 0..=RUNS {
        let mut pipeline = Pipeline::new(Config::from_toml(&text, config)?, 1)?;
        pipeline.switch_stopwatch_on();
        let mut stream = pipeline.stream(&Call::default(), Sink::None)?;
        let file = File::open(events)?;
        let start = Instant::now();
        while pipeline.step_file(&mut stream, &file, STEP_BYTES)? {}
        let whole = start.elapsed().as_secs_f64();
        let counts = pipeline.counts();
        assert!(counts.is_conserved(), "an event is unaccounted for");
        assert_eq!(*kept.get_or_insert(counts.kept), counts.kept, "two runs kept different events");
        bytes = counts.bytes;
        let mut stages = pipeline.stage_seconds();
        let staged: f64 = stages.iter().map(|(_, seconds)| seconds).sum();
        stages.push(("reading", whole - staged));
        stages.push(("all", whole));
        runs.push(stages);
        eprintln!("{}: {} events kept in {whole:.4} s", pipeline.kernel().name(), counts.kept);
    }
    // The first run fills the page cache.
    runs.remove(0);
    let cycle = cycle_seconds();
    println!("| stage | ms | GB/s | cycles a byte |\n|---|---:|---:|---:|");
    for stage in 0..runs[0].len() {
        let mut seconds: Vec<f64> = runs.iter().map(|run| run[stage].1).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[RUNS / 2];
        let (rate, cycles) = (bytes as f64 / median / 1e9, median / cycle / bytes as f64);
        println!("| {} | {:.1} | {rate:.1} | {cycles:.2} |", runs[0][stage].0, median * 1e3);
    }
    Ok(())
}

/// Returns how long a cycle is, from a chain of multiplications and additions: each waits for the
/// one before, and together they take four cycles on every x86-64 and aarch64 core of the last years.
fn cycle_seconds() -> f64 {
    const LINKS: u32 = 50_000_000;
    let start = Instant::now();
    let mut value = black_box(1_u64);
    for _ in 0..LINKS {
        value = value.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 1;
    }
    black_box(value);
    start.elapsed().as_secs_f64() / f64::from(LINKS) / 4.0
}
