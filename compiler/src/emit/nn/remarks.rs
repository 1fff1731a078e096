//! What is said below a derivative: what simplification did, and how much the program computes. It must not know how a
//! program is written.

use crate::ir::{Program, Role, Root, cost};
use crate::simplify::Report;

/// A symbolic size for which work is counted.
const BATCH: usize = 128;
/// What is said where other sizes want another order.
const BY_SIZES: &str =
    "order: for some sizes, products cost less in another order than the one above; code has both where that pays";
/// Longer lines are broken.
const WIDTH: usize = 100;

/// Remarks about a gradient: `whole` computes the forward part too, `forward` nothing else. `places` lists for each rule the definitions
/// that it changed.
pub fn remarks(forward: &Program, whole: &Program, report: &Report, places: bool) -> Vec<String> {
    let counts: Vec<String> = report.counts().map(|(rule, count)| format!("{rule}, {count}")).collect();
    let mut remarks = Vec::new();
    if places {
        remarks.extend(rewrites(report));
    } else if !counts.is_empty() {
        remarks.push(broken(&format!("rewrites: {}", counts.join("; "))));
    }
    remarks.push(broken(&work(forward, whole)));
    if report.is_by_sizes() {
        remarks.push(broken(BY_SIZES));
    }
    remarks
}

/// Every rule that was applied, with the definitions that it changed (some of them are gone), and how often.
fn rewrites(report: &Report) -> Vec<String> {
    let mut lines = vec!["rewrites:".to_owned()];
    let mut last = "";
    for (rule, place, count) in report.places() {
        if rule != last {
            lines.push(format!("  {rule}"));
            last = rule;
        }
        lines.push(format!("    {count} in {place}"));
    }
    if lines.len() == 1 { vec!["rewrites: none".to_owned()] } else { lines }
}

fn work(forward: &Program, whole: &Program) -> String {
    let count = |program: &Program| cost::operations(program, &vec![BATCH; program.sizes.len()]);
    let (first, all) = (count(forward), count(whole));
    let gradient = all.saturating_sub(first);
    #[allow(clippy::cast_precision_loss)]
    let times = if first > 0 { format!(" ({:.1} times)", gradient as f64 / first as f64) } else { String::new() };
    let sizes: Vec<&str> = whole.sizes.iter().map(String::as_str).collect();
    let at = if sizes.is_empty() { String::new() } else { format!(" for {} = {BATCH}", sizes.join(" = ")) };
    // Outputs that the forward part has not are derivatives of a higher order.
    let is_more = |root: &Root| matches!(root.role, Role::Output(_)) && forward.root(&root.role).is_none();
    let word = if whole.roots.iter().any(is_more) { "derivatives" } else { "gradient" };
    format!("work: forward {}, {word} {}{times}{at}", operations(first), operations(gradient))
}

/// How many operations simplification removed from a gradient: `raw` is as differentiation gives it.
pub fn removed(raw: &Program, whole: &Program) -> String {
    let count = |program: &Program| cost::operations(program, &vec![BATCH; program.sizes.len()]);
    let (before, after) = (count(raw), count(whole));
    let less = before.saturating_sub(after);
    let percent = less.saturating_mul(100).checked_div(before).unwrap_or(0);
    broken(&format!("removed: {} of {} ({percent} %) by simplification", operations(less), operations(before)))
}

/// `2.46 Mflop`
fn operations(count: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let scaled = |unit: u64| count as f64 / unit as f64;
    match count {
        0..1_000 => format!("{count} flop"),
        1_000..1_000_000 => format!("{:.2} Kflop", scaled(1_000)),
        1_000_000..1_000_000_000 => format!("{:.2} Mflop", scaled(1_000_000)),
        1_000_000_000.. => format!("{:.2} Gflop", scaled(1_000_000_000)),
    }
}

/// Lines that are not too long; those behind the first are indented.
fn broken(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().map_or(0, |line| line.chars().count());
        if last + word.chars().count() >= WIDTH {
            lines.push(format!("    {word}"));
        } else if let Some(line) = lines.last_mut() {
            let space = if line.is_empty() { "" } else { " " };
            line.push_str(&format!("{space}{word}"));
        }
    }
    lines.join("\n")
}
