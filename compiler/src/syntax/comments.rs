//! Ordinary comments and empty lines of a text that is formatted: where they stood, and who is to print them.
//!
//! It must know nothing of how anything else is printed.

use std::collections::BTreeMap;

use super::layout::{Layout, sequence, text};
use super::lexer::Comment;
use super::token::{Token, TokenKind};

/// The comments of a text that are not printed yet.
pub(super) struct Comments<'t> {
    text: &'t str,
    tokens: &'t [Token],
    waiting: BTreeMap<u32, Comment>,
}

/// Something that stands on lines of its own, and whether an empty line stood before it.
pub(super) type Entry = (bool, Layout);

impl<'t> Comments<'t> {
    /// Those of a text.
    pub fn new(text: &'t str, tokens: &'t [Token], comments: Vec<Comment>) -> Self {
        Self { text, tokens, waiting: comments.into_iter().map(|comment| (comment.span.start, comment)).collect() }
    }

    /// None: a tree is printed without the text that it comes from.
    pub fn none() -> Self {
        Self { text: "", tokens: &[], waiting: BTreeMap::new() }
    }

    /// Whether comments wait before a place.
    pub fn any_before(&self, place: u32) -> bool {
        self.waiting.range(..place).next().is_some()
    }

    /// Takes the comments that stand before a place.
    pub fn take_before(&mut self, place: u32) -> Vec<Entry> {
        let later = self.waiting.split_off(&place);
        let taken = std::mem::replace(&mut self.waiting, later);
        taken.into_values().map(|comment| self.entry(comment)).collect()
    }

    /// Takes the comments between two places that stand in no braces: nobody inside can print them.
    pub fn take_outside_braces(&mut self, start: u32, end: u32) -> Vec<Entry> {
        let mut tokens = self.tokens[self.tokens.partition_point(|token| token.span.start < start)..].iter().peekable();
        let mut depth = 0_usize;
        let mut outside = Vec::new();
        for (&place, _) in self.waiting.range(start..end.max(start)) {
            while let Some(token) = tokens.next_if(|token| token.span.start < place) {
                match token.kind {
                    TokenKind::Punctuation("{") => depth += 1,
                    TokenKind::Punctuation("}") => depth = depth.saturating_sub(1),
                    TokenKind::Identifier(_)
                    | TokenKind::Integer(_)
                    | TokenKind::Float(_)
                    | TokenKind::Text(_)
                    | TokenKind::Documentation(_)
                    | TokenKind::Punctuation(_) => {}
                }
            }
            if depth == 0 {
                outside.push(place);
            }
        }
        let taken: Vec<Comment> = outside.iter().filter_map(|place| self.waiting.remove(place)).collect();
        taken.into_iter().map(|comment| self.entry(comment)).collect()
    }

    /// Takes the comment that stands behind a place on the same line.
    pub fn take_trailing(&mut self, end: u32) -> Option<Layout> {
        let (&place, _) = self.waiting.range(end..).next()?;
        let between = self.text.get(end as usize..place as usize)?;
        if !between.chars().all(|next| next == ' ' || next == '\t' || next == ';') {
            return None;
        }
        let comment = self.waiting.remove(&place)?;
        Some(sequence([text(" "), shown(comment)]))
    }

    fn entry(&self, comment: Comment) -> Entry {
        (self.blank_before(comment.span.start), shown(comment))
    }

    /// Whether an empty line stands before a place.
    fn blank_before(&self, place: u32) -> bool {
        let before = self.text.get(..place as usize).unwrap_or_default();
        let space = &before.as_bytes()[before.trim_end().len()..];
        space.iter().filter(|byte| **byte == b'\n').count() > 1
    }

    /// Whether an empty line stands before what begins at a place, its documentation included.
    pub fn blank_before_documented(&self, place: u32) -> bool {
        let documented = |token: &&Token| matches!(token.kind, TokenKind::Documentation(_));
        let before = &self.tokens[..self.tokens.partition_point(|token| token.span.start < place)];
        let first = before.iter().rev().take_while(documented).last();
        self.blank_before(first.map_or(place, |token| token.span.start))
    }

    /// Where the token before a place begins.
    pub fn token_before(&self, place: u32) -> u32 {
        let count = self.tokens.partition_point(|token| token.span.start < place);
        count.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(place, |token| token.span.start)
    }
}

fn shown(comment: Comment) -> Layout {
    Layout::Verbatim(comment.text)
}
