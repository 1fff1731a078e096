//! Documents that may be laid out on one line or on several, and their printing within a width (after Wadler and Lindig).
//!
//! It must know nothing of the language.

/// A text with places where its lines may break.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// These characters.
    Text(String),
    /// A line break, or these characters where the group stands on one line.
    Line(&'static str),
    /// A line break in any case.
    Break,
    /// An empty line, and a line break.
    Blank,
    /// These characters only where the group stands on several lines.
    Broken(&'static str),
    /// One after the other.
    Sequence(Vec<Layout>),
    /// The lines that begin inside stand further right.
    Indented(Box<Layout>),
    /// On one line if it fits.
    Group(Box<Layout>),
    /// As it is, its line breaks included, without indentation.
    Verbatim(String),
}

/// The columns of an indentation.
const INDENTATION: usize = 4;

/// Characters.
pub(super) fn text(text: impl Into<String>) -> Layout {
    Layout::Text(text.into())
}

/// One after the other.
pub(super) fn sequence(parts: impl IntoIterator<Item = Layout>) -> Layout {
    Layout::Sequence(parts.into_iter().collect())
}

/// Further right.
pub(super) fn indented(inner: Layout) -> Layout {
    Layout::Indented(Box::new(inner))
}

/// On one line if it fits.
pub(super) fn group(inner: Layout) -> Layout {
    Layout::Group(Box::new(inner))
}

/// Things between two brackets with commas; on several lines, one stands on each.
pub(super) fn listed(opener: &str, items: Vec<Layout>, closer: &str) -> Layout {
    if items.is_empty() {
        return text(format!("{opener}{closer}"));
    }
    let mut inner = vec![Layout::Line("")];
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            inner.extend([text(","), Layout::Line(" ")]);
        }
        inner.push(item);
    }
    inner.push(Layout::Broken(","));
    group(sequence([text(opener), indented(Layout::Sequence(inner)), Layout::Line(""), text(closer)]))
}

/// What is still to be printed: how far it stands right, and whether its group is on one line.
type Work<'l> = Vec<(usize, bool, &'l Layout)>;

/// Prints within a width.
pub(super) fn print(layout: &Layout, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut work: Work = vec![(0, false, layout)];
    while let Some((indentation, flat, layout)) = work.pop() {
        match layout {
            Layout::Text(text) => {
                out.push_str(text);
                column += text.chars().count();
            }
            Layout::Verbatim(text) => {
                out.push_str(text);
                column = text.rsplit('\n').next().unwrap_or_default().chars().count();
            }
            Layout::Line(text) if flat => {
                out.push_str(text);
                column += text.len();
            }
            Layout::Line(_) | Layout::Break => column = new_line(&mut out, indentation, 1),
            Layout::Blank => column = new_line(&mut out, indentation, 2),
            Layout::Broken(text) => {
                if !flat {
                    out.push_str(text);
                    column += text.len();
                }
            }
            Layout::Sequence(parts) => work.extend(parts.iter().rev().map(|part| (indentation, flat, part))),
            Layout::Indented(inner) => work.push((indentation + INDENTATION, flat, inner)),
            Layout::Group(inner) => {
                let flat = flat || fits(inner, &work, width.saturating_sub(column));
                work.push((indentation, flat, inner));
            }
        }
    }
    out
}

fn new_line(out: &mut String, indentation: usize, lines: usize) -> usize {
    out.truncate(out.trim_end_matches(' ').len());
    out.extend(std::iter::repeat_n('\n', lines));
    out.extend(std::iter::repeat_n(' ', indentation));
    indentation
}

/// Whether a group on one line, and what follows up to the next possible line break, fits into some columns.
fn fits(inner: &Layout, after: &Work, mut left: usize) -> bool {
    let mut work = vec![(true, inner)];
    let mut following = after.iter().rev();
    loop {
        let Some((flat, layout)) = work.pop().or_else(|| following.next().map(|(_, flat, layout)| (*flat, *layout))) else {
            return true;
        };
        let taken = match layout {
            Layout::Text(text) => text.chars().take(left + 1).count(),
            Layout::Line(text) if flat => text.len(),
            Layout::Line(_) | Layout::Break | Layout::Blank | Layout::Verbatim(_) => return true,
            Layout::Broken(text) => {
                if flat {
                    0
                } else {
                    text.len()
                }
            }
            Layout::Sequence(parts) => {
                work.extend(parts.iter().rev().map(|part| (flat, part)));
                0
            }
            Layout::Indented(inner) | Layout::Group(inner) => {
                work.push((flat, inner));
                0
            }
        };
        let Some(rest) = left.checked_sub(taken) else { return false };
        left = rest;
    }
}
