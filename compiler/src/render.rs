//! Diagnostics to text, as rustc shows them: the message, the place, the piece of source, why, and how to mend it.
//!
//! It must not know who reports what.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Sources, floor};
use crate::span::Span;

/// Longer lines (in bytes) are cut around what is shown of them, so that looking at them takes no time.
const WIDEST: usize = 400;

/// Places that are further apart (in lines) are shown apart, and what takes more lines is shown where it begins.
const FARTHEST: usize = 60;

/// A diagnostic as text, without a line end behind it.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
    let mut places = Vec::new();
    for excerpt in excerpts(diagnostic, sources) {
        let (snippet, moved) = excerpt.snippet(sources);
        group = group.element(snippet);
        places.extend(moved);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let rendered = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    places.into_iter().fold(rendered, |rendered, (shown, real)| rendered.replacen(&shown, &real, 1))
}

/// A place that is shown, with its lines.
struct Mark<'d> {
    span: Span,
    label: &'d str,
    kind: AnnotationKind,
    lines: Range<usize>,
}

/// Some neighbouring lines with the places that are shown in them.
struct Excerpt<'d> {
    marks: Vec<Mark<'d>>,
}

/// The places of a diagnostic, gathered where they are near each other; the one with the main place is the first.
fn excerpts<'d>(diagnostic: &'d Diagnostic, sources: &Sources) -> Vec<Excerpt<'d>> {
    let main = mark(diagnostic.span, &diagnostic.label, AnnotationKind::Primary, sources);
    let mut excerpts = vec![Excerpt { marks: vec![main] }];
    for label in &diagnostic.labels {
        let one = mark(label.span, &label.text, AnnotationKind::Context, sources);
        match excerpts.iter_mut().find(|excerpt| excerpt.is_near(&one)) {
            Some(excerpt) => excerpt.marks.push(one),
            None => excerpts.push(Excerpt { marks: vec![one] }),
        }
    }
    excerpts
}

fn mark<'d>(span: Span, label: &'d str, kind: AnnotationKind, sources: &Sources) -> Mark<'d> {
    let (first, _) = sources.line_column(span.file, span.start);
    let (last, _) = sources.line_column(span.file, span.end.max(span.start));
    Mark { span, label, kind, lines: first..if last - first > FARTHEST { first } else { last } + 1 }
}

/// A line as it is shown: where it begins in the source and in the excerpt, and which of its bytes are kept.
struct Shown {
    source: usize,
    excerpt: usize,
    kept: Range<usize>,
}

/// A place as it is shown where a line is cut, and what it really is.
type Moved = (String, String);

impl Excerpt<'_> {
    fn is_near(&self, other: &Mark<'_>) -> bool {
        let near = |own: &Mark<'_>| {
            let lines = own.lines.start.abs_diff(other.lines.start);
            let bytes = own.span.start.abs_diff(other.span.start) as usize;
            own.span.file == other.span.file && lines <= FARTHEST && (lines > 0 || bytes <= WIDEST / 4)
        };
        self.marks.iter().all(near)
    }

    /// The lines with what is to be said about them; where the main line is cut, also how its place must be corrected.
    fn snippet<'s>(&self, sources: &Sources) -> (Snippet<'s, Annotation<'s>>, Option<Moved>) {
        let file = self.marks[0].span.file;
        let first = self.marks.iter().map(|mark| mark.lines.start).min().unwrap_or(1);
        let last = self.marks.iter().map(|mark| mark.lines.end).max().unwrap_or(1);
        let (mut text, mut shown) = (String::new(), Vec::new());
        for line in first..last {
            let content = sources.line(file, line);
            let source = sources.line_start(file, line);
            let kept = self.kept(content, source);
            shown.push(Shown { source, excerpt: text.len(), kept: kept.clone() });
            text.extend([&content[kept], "\n"]);
        }
        let moved = self.moved(&shown[self.marks[0].lines.start - first], &text, sources);
        let annotations: Vec<_> = self.marks.iter().map(|mark| mark.annotation(&shown, first, sources)).collect();
        let snippet = Snippet::source(text).line_start(first).path(sources.name(file).to_string()).fold(true);
        (snippet.annotations(annotations), moved)
    }

    /// How the place of the main mark must be corrected.
    fn moved(&self, shown: &Shown, text: &str, sources: &Sources) -> Option<Moved> {
        let span = self.marks[0].span;
        let (line, column) = sources.line_column(span.file, span.start);
        let begin =
            sources.range(span).start.saturating_sub(shown.source).clamp(shown.kept.start, shown.kept.end) - shown.kept.start;
        let wrong = 1 + text.get(shown.excerpt..shown.excerpt + begin)?.chars().count();
        let name = sources.name(span.file);
        (shown.kept.start > 0).then(|| (format!("{name}:{line}:{wrong}\n"), format!("{name}:{line}:{column}\n")))
    }

    /// The part of a line that is shown: all of it, or some around the first place in it.
    fn kept(&self, content: &str, source: usize) -> Range<usize> {
        if content.len() <= WIDEST {
            return 0..content.len();
        }
        let inside = |mark: &Mark<'_>| (mark.span.start as usize).checked_sub(source).filter(|place| *place <= content.len());
        let place = self.marks.iter().find_map(inside).unwrap_or(0);
        let start = floor(content, place.saturating_sub(WIDEST / 3));
        start..floor(content, start + WIDEST)
    }
}

impl Mark<'_> {
    fn annotation<'a>(&self, shown: &[Shown], first: usize, sources: &Sources) -> Annotation<'a> {
        let range = sources.range(self.span);
        let place = |byte: usize, line: usize| {
            let line = &shown[line.saturating_sub(first).min(shown.len() - 1)];
            line.excerpt + byte.saturating_sub(line.source).clamp(line.kept.start, line.kept.end) - line.kept.start
        };
        let start = place(range.start, self.lines.start);
        let end = place(range.end, self.lines.end - 1).max(start);
        let annotation = self.kind.span(start..end);
        if self.label.is_empty() { annotation } else { annotation.label(self.label.to_string()) }
    }
}
