//! What is measured, by name: the call, and what is printed.

use super::timing::Time;
use chainrule::kernels::Level;
use chainrule::threads;
use std::collections::BTreeMap;
use std::time::Duration;

/// A workload: its name, what it is, and its time.
pub type Workload = (&'static str, &'static str, fn(Duration) -> Time);

/// What a call asks for: `[NAME ...] [--seconds S] [--threads N] [--json]`.
struct Call {
    names: Vec<String>,
    seconds: f64,
    json: bool,
}

impl Call {
    fn read() -> Self {
        let mut arguments = std::env::args().skip(1);
        let mut call = Self { names: Vec::new(), seconds: 2.0, json: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {}
                "--json" => call.json = true,
                "--seconds" => {
                    call.seconds = arguments.next().and_then(|text| text.parse().ok()).expect("--seconds takes a number");
                }
                "--threads" => {
                    threads::set(arguments.next().and_then(|text| text.parse().ok()).expect("--threads takes a number"));
                }
                _ => call.names.push(argument),
            }
        }
        call
    }
}

/// Measures the workloads that the call names, or all, and prints their times in microseconds of what is said; returns the best time of each,
/// if they were printed for people.
pub fn run(of: &str, workloads: &[Workload]) -> Option<BTreeMap<&'static str, f64>> {
    let Call { names, seconds, json } = Call::read();
    if let Some(unknown) = names.iter().find(|name| workloads.iter().all(|(known, ..)| known != name)) {
        let known: Vec<&str> = workloads.iter().map(|(name, ..)| *name).collect();
        eprintln!("no workload is called {unknown}; there are {}", known.join(", "));
        std::process::exit(2);
    }
    if !json {
        println!("microseconds {of}, {:?}, {} threads: median / best", Level::detect(), threads::get());
    }
    let mut best = BTreeMap::new();
    for (name, what, run) in workloads.iter().filter(|(name, ..)| names.is_empty() || names.iter().any(|chosen| chosen == name)) {
        let time = run(Duration::from_secs_f64(seconds));
        if json {
            println!("{{\"workload\": \"{name}\", \"median\": {:.4}, \"best\": {:.4}}}", time.median, time.best);
        } else {
            println!("  {what:<72} {:10.3} / {:10.3}", time.median, time.best);
        }
        best.insert(*name, time.best);
    }
    (!json).then_some(best)
}
