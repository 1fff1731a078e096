//! Texts of a drawing: how wide they are, how they are broken into lines, and how they are escaped. It must not know what they
//! say.

use std::cmp::Reverse;

/// A line is long enough to end with so much of the width that there is.
const SHORT: f64 = 0.4;
/// How wide the letters from the space to `~` are, in thousandths of the size of the font: those of DejaVu Sans, which is wider
/// than other fonts without serifs, so that what fits in it fits in them.
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636,
    636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787,
    695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278,
    579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/// Signs of mathematics.
const SIGNS: [(char, u16); 16] = [
    ('∂', 517),
    ('Σ', 632),
    ('Π', 752),
    ('δ', 612),
    ('·', 318),
    ('∘', 626),
    ('ᵀ', 385),
    ('²', 401),
    ('³', 401),
    ('√', 637),
    ('∞', 833),
    ('≤', 838),
    ('≥', 838),
    ('≠', 838),
    ('⌊', 390),
    ('⌋', 390),
];
/// Any other letter.
const OTHER: u16 = 1000;
/// Bold letters are at most that much wider.
pub const BOLD: f64 = 1.18;

/// How wide a text is, in a font of this size.
pub fn width(text: &str, size: f64) -> f64 {
    let one = |letter: char| {
        let known = u32::from(letter).checked_sub(32).and_then(|place| WIDTHS.get(place as usize)).copied();
        let sign = || SIGNS.iter().find(|(sign, _)| *sign == letter).map(|(_, width)| *width);
        f64::from(known.or_else(sign).unwrap_or(OTHER))
    };
    text.chars().map(one).sum::<f64>() * size / 1000.0
}

/// A text in lines that are no wider than `most` where that can be, broken at spaces outside of brackets before signs where there
/// are some; what does not fit in `lines` lines ends with `…`.
pub fn wrapped(text: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    while found.len() < lines {
        let end = line_end(rest, size, most);
        let is_last = found.len() + 1 == lines;
        found.push(shortened(&rest[..end], size, most, is_last && end < rest.len()));
        rest = rest[end..].trim_start();
        if rest.is_empty() {
            break;
        }
    }
    found
}

/// Where the first line of a text ends: as far outside of brackets as can be, then before a loose sign, then as late as can be.
fn line_end(text: &str, size: f64, most: f64) -> usize {
    let (mut wide, mut depth) = (0.0, 0usize);
    let mut best: Option<(bool, bool, Reverse<usize>, u8, usize)> = None;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ' ' => {
                // Lines that are short are not better for where they end, and no line ends with `axis =`.
                let (is_long, is_apart) = (wide >= most * SHORT, !text[..at].ends_with('='));
                let next = &text[at + 1..];
                let loose = u8::from(next.starts_with(['·', '∘', '/', '@'])) + 2 * u8::from(next.starts_with(['+', '-', '=']));
                best = best.max(Some((is_long, is_apart, Reverse(depth), loose, at)));
            }
            _ => {}
        }
        wide += width(letter.encode_utf8(&mut [0; 4]), size);
        if wide > most {
            return best.map_or_else(|| text.find(' ').unwrap_or(text.len()), |(_, _, _, _, at)| at);
        }
    }
    text.len()
}

/// A text that is no wider than `most`: what is too much of it becomes `…`, which also stands where more would follow.
pub fn shortened(text: &str, size: f64, most: f64, more: bool) -> String {
    if width(text, size) <= most && !more {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        if width(&kept, size) + width("……", size) > most {
            break;
        }
        kept.push(letter);
    }
    format!("{}…", kept.trim_end())
}

/// A name that is no wider than `most`: of one with dots the longest end that fits, as it is the end that tells names apart.
pub fn shortened_name(name: &str, size: f64, most: f64) -> String {
    let fits = |text: &String| width(text, size) <= most;
    let ends = name.match_indices('.').map(|(at, _)| format!("…{}", &name[at + 1..]));
    let short = std::iter::once(name.to_owned()).chain(ends).find(fits);
    short.unwrap_or_else(|| shortened(name, size, most, false))
}

/// A text within XML. What XML cannot hold is left out.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {}
            other => escaped.push(other),
        }
    }
    escaped
}
