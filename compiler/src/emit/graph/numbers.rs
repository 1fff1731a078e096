//! Numbers in boxes: small tensors as they are, of larger ones the smallest, the mean and the largest. It must not know what they
//! are of.

/// A tensor with more numbers is not shown in full.
const MOST_NUMBERS: usize = 12;
/// A tensor with more rows is not shown in full.
const MOST_ROWS: usize = 4;
/// So many digits are shown.
const DIGITS: usize = 4;

/// A tensor in lines.
pub fn lines(shape: &[usize], data: &[f64]) -> Vec<String> {
    match shape {
        [] => data.iter().map(|&value| number(value)).collect(),
        [_] if data.len() <= MOST_NUMBERS => vec![list(data)],
        [rows, columns] if data.len() <= MOST_NUMBERS && (1..=MOST_ROWS).contains(rows) && *columns > 0 => {
            let row = |(place, row): (usize, &[f64])| {
                let (begin, end) = (if place == 0 { "[" } else { " " }, if place + 1 == *rows { "]" } else { "," });
                format!("{begin}{}{end}", list(row))
            };
            data.chunks(*columns).enumerate().map(row).collect()
        }
        [..] => summary(shape, data),
    }
}

fn list(data: &[f64]) -> String {
    format!("[{}]", data.iter().map(|&value| number(value)).collect::<Vec<_>>().join(", "))
}

/// What a tensor is like as a whole.
fn summary(shape: &[usize], data: &[f64]) -> Vec<String> {
    let finite: Vec<f64> = data.iter().copied().filter(|value| value.is_finite()).collect();
    let axes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let mut lines = vec![format!("{} numbers", axes.join(" × "))];
    if !finite.is_empty() {
        let smallest = finite.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        #[allow(clippy::cast_precision_loss)]
        let mean = finite.iter().sum::<f64>() / finite.len() as f64;
        lines.push(format!("min {}, mean {}, max {}", number(smallest), number(mean), number(largest)));
    }
    if finite.len() < data.len() {
        lines.push(format!("{} not finite", data.len() - finite.len()));
    }
    lines
}

/// A number with few digits: `0.5473`, `-12`, `1.5e-7`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".to_owned()
        } else if value > 0.0 {
            "∞".to_owned()
        } else {
            "-∞".to_owned()
        };
    }
    // The exponent behind rounding.
    let scientific = format!("{value:.*e}", DIGITS - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let places = exponent.parse::<i32>().ok();
    let plain = match places {
        Some(places @ -3..=7) => {
            let behind = usize::try_from(3 - places).unwrap_or(0);
            trimmed(&format!("{value:.behind$}"))
        }
        Some(_) | None => format!("{}e{exponent}", trimmed(mantissa)),
    };
    if plain == "-0" { "0".to_owned() } else { plain }
}

/// Without zeros at the end behind a point.
fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}
