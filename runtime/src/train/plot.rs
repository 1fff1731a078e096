//! Pictures of a history as SVG, written by hand. Must not know what was trained.

use std::fmt::Write;

use super::History;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
const TRAINING: &str = "#1f77b4";
const VALIDATION: &str = "#d95f02";

/// A picture with a panel for the loss and one for each metric, side by side.
pub(super) fn picture(history: &History) -> String {
    let names: Vec<&str> = history.names().filter(|name| !name.starts_with("val_")).collect();
    let width = WIDTH * names.len().max(1) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (position, name) in names.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<g transform=\"translate({},0)\">", WIDTH * position as f64);
        panel(&mut svg, history, name);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

/// The lines of one name, with axes, ticks and a legend.
fn panel(svg: &mut String, history: &History, name: &str) {
    let training = history.get(name).unwrap_or_default();
    let validation = history.get(&format!("val_{name}"));
    let all = || training.iter().chain(validation.iter().flatten()).copied().filter(|value| value.is_finite());
    let vertical = Scale::new(all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max), HEIGHT - BOTTOM, TOP);
    let horizontal = Scale::exact(1.0, history.epochs().max(2) as f64, LEFT, WIDTH - RIGHT);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"18\" font-size=\"14\" font-weight=\"bold\">{}</text>", escape(name));
    axes(svg, &horizontal, &vertical);
    line(svg, &training, TRAINING, &horizontal, &vertical);
    let mut entries = vec![("training", TRAINING)];
    if let Some(validation) = &validation {
        line(svg, validation, VALIDATION, &horizontal, &vertical);
        entries.push(("validation", VALIDATION));
    }
    for (position, (label, color)) in entries.iter().rev().enumerate() {
        let x = WIDTH - RIGHT - 88.0 * (position as f64 + 1.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} 14h18\" stroke=\"{color}\" stroke-width=\"2\"/><text x=\"{:.1}\" y=\"18\">{label}</text>",
            x + 23.0
        );
    }
}

fn axes(svg: &mut String, horizontal: &Scale, vertical: &Scale) {
    let (left, right, bottom) = (LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM);
    for tick in vertical.ticks(5) {
        let y = vertical.place(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#dddddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 6.0,
            y + 4.0,
            vertical.label(tick)
        );
    }
    for tick in horizontal.ticks(6).into_iter().filter(|tick| tick.fract() == 0.0) {
        let x = horizontal.place(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {bottom}v5\" stroke=\"black\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            bottom + 18.0
        );
    }
    let _ = writeln!(svg, "<path d=\"M{left} {TOP}V{bottom}H{right}\" stroke=\"black\" fill=\"none\"/>");
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">epoch</text>", (left + right) / 2.0, HEIGHT - 8.0);
}

/// The values as a line, which breaks where they are not finite.
fn line(svg: &mut String, values: &[f64], color: &str, horizontal: &Scale, vertical: &Scale) {
    let mut path = String::new();
    let mut pen = 'M';
    for (epoch, &value) in values.iter().enumerate() {
        if value.is_finite() {
            let _ = write!(path, "{pen}{:.1} {:.1}", horizontal.place(epoch as f64 + 1.0), vertical.place(value));
            pen = 'L';
        } else {
            pen = 'M';
        }
    }
    let _ = writeln!(svg, "<path d=\"{path}\" stroke=\"{color}\" stroke-width=\"2\" stroke-linecap=\"round\" fill=\"none\"/>");
}

/// From numbers to places in the picture.
struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// With some room around the numbers.
    fn new(low: f64, high: f64, start: f64, end: f64) -> Self {
        if low > high {
            return Self::exact(0.0, 1.0, start, end);
        }
        let room = if high > low { 0.04 * (high - low) } else { 0.5 * low.abs().max(1e-3) };
        // What is never negative starts at 0 rather than below it.
        let bottom = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
        Self::exact(bottom, high + room, start, end)
    }

    fn exact(low: f64, high: f64, start: f64, end: f64) -> Self {
        Self { low, high, start, end }
    }

    fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// The distance of about `count` ticks: 1, 2 or 5 times a power of ten.
    fn distance(&self, count: u32) -> f64 {
        let rough = (self.high - self.low) / f64::from(count);
        let power = 10f64.powf(rough.log10().floor());
        let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0);
        factor * power
    }

    fn ticks(&self, count: u32) -> Vec<f64> {
        let distance = self.distance(count);
        let first = (self.low / distance).ceil();
        // At most twice as many as wanted, whatever rounding does.
        let numbers = (0..=2 * count).map(|step| (first + f64::from(step)) * distance);
        numbers.take_while(|&tick| tick <= self.high + 1e-9 * distance).collect()
    }

    /// A tick with as many digits as its neighbours differ in.
    fn label(&self, tick: f64) -> String {
        let digits = (-self.distance(5).log10().floor()).clamp(0.0, 12.0) as usize;
        if tick != 0.0 && (digits > 6 || tick.abs() >= 1e6) { format!("{tick:.1e}") } else { format!("{tick:.digits$}") }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_inside_of_the_axis() {
        let scale = Scale::exact(0.0, 2.3, 100.0, 0.0);
        assert_eq!(scale.ticks(5).iter().map(|&tick| scale.label(tick)).collect::<Vec<_>>(), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!((scale.place(0.0), scale.place(2.3)), (100.0, 0.0));
        let scale = Scale::new(0.97, 0.98, 0.0, 1.0);
        assert!(scale.ticks(5).iter().all(|&tick| (0.96..0.99).contains(&tick)));
    }

    #[test]
    fn every_history_has_a_picture_without_odd_numbers() {
        let names = || ["loss", "a<b", "val_loss", "val_a<b"].map(str::to_owned).to_vec();
        let rows: [&[[f64; 4]]; 4] = [
            &[],
            &[[1.0, 0.5, 1.0, 0.5]],
            &[[f64::NAN, f64::INFINITY, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]],
            &[[2.0, 0.1, 2.1, 0.2], [1.0, 0.6, 1.2, 0.5], [0.5, 0.9, 0.8, 0.7]],
        ];
        for rows in rows {
            let mut history = History::new(names(), rows.len());
            rows.iter().for_each(|row| history.push(row, 1e-3, 0.1));
            let svg = picture(&history);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert_eq!(svg.matches("<g ").count(), 2);
            assert!(svg.contains("a&lt;b") && svg.contains("validation") && svg.ends_with("</svg>\n"));
        }
    }
}
