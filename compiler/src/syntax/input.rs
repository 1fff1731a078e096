//! What the grammar reads: a slice of tokens as nom's input, and what is known beside it while reading (the furthest failure,
//! the open brackets, how deep the nesting is).
//!
//! It must not know the grammar.

use std::cell::{Cell, RefCell};
use std::iter::Enumerate;
use std::slice::Iter;

use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Input, Needed};

use super::token::{Token, TokenKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::{FileId, Span};

/// The tokens that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'t> {
    /// The tokens.
    pub rest: &'t [Token],
    /// What is known beside them.
    pub context: &'t Context<'t>,
}

/// That something could not be read; where and what would have been right stands in the [`Context`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure;

/// What a rule of the grammar gives.
pub(super) type Parse<'t, T> = IResult<Tokens<'t>, T, Failure>;

/// That a rule of the grammar failed.
pub(super) type Failed = Err<Failure>;

/// What could have stood at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// These characters (an operator, a bracket, a keyword).
    Exactly(&'static str),
    /// One of several things, in words.
    Some(&'static str),
}

/// An open bracket and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The bracket that closes it.
    pub closer: &'static str,
    /// Where it was opened.
    pub span: Span,
}

/// The furthest place at which a rule failed, and what could have stood there.
#[derive(Clone, Debug, Default)]
pub(super) struct Furthest {
    /// The number of the token.
    pub position: usize,
    /// What could have stood there, in the order in which it was tried.
    pub expected: Vec<Expected>,
    /// The innermost bracket that was open there.
    pub opened: Option<Opened>,
}

/// What is known while reading, beside the tokens.
pub(super) struct Context<'t> {
    /// All the tokens.
    pub all: &'t [Token],
    /// Where an error stands that is found at the end.
    pub end: Span,
    /// Where earlier steps reported errors: what follows from them is not reported again.
    pub known: Vec<u32>,
    /// The furthest failure of the statement that is read now.
    pub furthest: RefCell<Furthest>,
    /// The brackets that are open.
    pub opened: RefCell<Vec<Opened>>,
    /// The height of the highest tree that was read since this was last taken.
    pub height: Cell<u32>,
    /// Whether the failure of the statement that is read now was reported already.
    pub reported: Cell<bool>,
    /// The token at which the last error was reported.
    pub last: Cell<Option<usize>>,
    /// How many failures were explained; nobody reads very many.
    pub explained: Cell<usize>,
    /// What is to be reported.
    pub diagnostics: RefCell<Diagnostics>,
}

impl<'t> Context<'t> {
    /// The context of reading these tokens.
    pub fn new(tokens: &'t [Token], file: FileId, diagnostics: &Diagnostics) -> Self {
        let known = diagnostics.sorted().into_iter().filter(|item| item.span.file == file).map(|item| item.span.start);
        Self {
            all: tokens,
            end: tokens.last().map_or(Span::new(file, 0, 0), |token| token.span),
            known: known.collect(),
            furthest: RefCell::default(),
            opened: RefCell::default(),
            height: Cell::new(0),
            reported: Cell::new(false),
            last: Cell::new(None),
            explained: Cell::new(0),
            diagnostics: RefCell::default(),
        }
    }

    /// Forgets the failures so far: a new statement begins.
    pub fn begin(&self) {
        *self.furthest.borrow_mut() = Furthest::default();
        self.reported.set(false);
        self.height.set(0);
    }

    /// Forgets the failures so far, not the heights: reading goes on within a statement.
    pub fn begin_again(&self) {
        let height = self.height.get();
        self.begin();
        self.height.set(height);
    }

    /// Reports an error that is not a matter of what was expected; the failure that it causes is then not reported.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
        self.reported.set(true);
    }

    /// The innermost bracket that is open.
    fn innermost(&self) -> Option<Opened> {
        self.opened.borrow().iter().rev().find(|opened| !opened.closer.is_empty()).copied()
    }

    /// Takes the height of what was read, and counts from 0 again.
    pub fn take_height(&self) -> u32 {
        self.height.replace(0)
    }

    /// Notes the height of something that was read.
    pub fn note_height(&self, height: u32) {
        self.height.set(self.height.get().max(height));
    }
}

impl<'t> Tokens<'t> {
    /// The number of the next token.
    pub fn position(&self) -> usize {
        self.context.all.len() - self.rest.len()
    }

    /// The next token.
    pub fn first(&self) -> Option<&'t TokenKind> {
        self.nth(0)
    }

    /// A token further on.
    pub fn nth(&self, number: usize) -> Option<&'t TokenKind> {
        self.rest.get(number).map(|token| &token.kind)
    }

    /// Where the next token stands, or the last one where none is left.
    pub fn span(&self) -> Span {
        self.rest.first().map_or(self.context.end, |token| token.span)
    }

    /// Where the token before stands.
    pub fn before(&self) -> Option<Span> {
        self.position().checked_sub(1).and_then(|last| self.context.all.get(last)).map(|token| token.span)
    }

    /// What is left after some tokens.
    pub fn after(self, count: usize) -> Self {
        Self { rest: self.rest.get(count..).unwrap_or_default(), ..self }
    }

    /// Whether the next token is this operator or bracket.
    pub fn at(&self, text: &str) -> bool {
        matches!(self.first(), Some(TokenKind::Punctuation(found)) if *found == text)
    }

    /// Whether the token at a distance is this operator or bracket.
    pub fn at_distance(&self, number: usize, text: &str) -> bool {
        matches!(self.nth(number), Some(TokenKind::Punctuation(found)) if *found == text)
    }

    /// Whether the next token is this word.
    pub fn at_word(&self, word: &str) -> bool {
        matches!(self.first(), Some(TokenKind::Identifier(found)) if found == word)
    }

    /// The word at a distance.
    pub fn word(&self, number: usize) -> Option<&'t str> {
        if let Some(TokenKind::Identifier(found)) = self.nth(number) { Some(found) } else { None }
    }

    /// Notes what could have stood here.
    pub fn expected(&self, what: Expected) {
        let mut furthest = self.context.furthest.borrow_mut();
        let position = self.position();
        if position > furthest.position || furthest.expected.is_empty() {
            *furthest = Furthest { position, expected: Vec::new(), opened: self.context.innermost() };
        }
        if position == furthest.position && !furthest.expected.contains(&what) {
            furthest.expected.push(what);
        }
    }

    /// Fails because something else was expected here.
    pub fn fail<T>(self, what: Expected) -> Parse<'t, T> {
        self.expected(what);
        Err(Err::Error(Failure))
    }

    /// Reports an error of its own, for a rule that fails with it.
    pub fn refused(self, diagnostic: Diagnostic) -> Failed {
        self.context.report(diagnostic);
        Err::Failure(Failure)
    }
}

impl<'t> ParseError<Tokens<'t>> for Failure {
    fn from_error_kind(_: Tokens<'t>, _: ErrorKind) -> Self {
        Failure
    }

    fn append(_: Tokens<'t>, _: ErrorKind, _: Self) -> Self {
        Failure
    }
}

impl<'t> Input for Tokens<'t> {
    type Item = &'t Token;
    type Iter = Iter<'t, Token>;
    type IterIndices = Enumerate<Iter<'t, Token>>;

    fn input_len(&self) -> usize {
        self.rest.len()
    }

    fn take(&self, index: usize) -> Self {
        Self { rest: &self.rest[..index], ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        Self { rest: &self.rest[index..], ..*self }
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest.iter().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.rest.iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.rest.iter().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.rest.len() { Ok(count) } else { Err(Needed::new(count - self.rest.len())) }
    }
}
