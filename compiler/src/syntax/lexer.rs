//! Text to tokens.
//!
//! Ordinary comments are no tokens; the formatter asks for them separately. What is no token is reported and left out.
//! It must not know the grammar.

use super::numbers::number;
use super::token::{PUNCTUATION, Token, TokenKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::{FileId, Span};

/// An ordinary comment, with its slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Splits a text into tokens.
pub fn lex(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Vec<Token> {
    lex_with_comments(text, file, diagnostics).0
}

/// Splits a text into tokens and ordinary comments.
pub(super) fn lex_with_comments(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> (Vec<Token>, Vec<Comment>) {
    let broken = diagnostics.has_errors();
    let mut lexer = Lexer { text, file, at: 0, tokens: Vec::new(), comments: Vec::new(), diagnostics, broken };
    while lexer.at < text.len() {
        lexer.next();
    }
    (lexer.tokens, lexer.comments)
}

struct Lexer<'a> {
    text: &'a str,
    file: FileId,
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    diagnostics: &'a mut Diagnostics,
    /// Errors were reported before: what stands for bytes that are not UTF-8 is one of them.
    broken: bool,
}

fn starts_word(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn continues_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// What no token can start with.
fn is_foreign(character: char) -> bool {
    let known = character.is_ascii_digit() || starts_word(character) || character.is_whitespace() || character == '"';
    !known && !PUNCTUATION.iter().any(|text| text.starts_with(character))
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let clip = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Span::new(self.file, clip(start), clip(end))
    }

    /// A token of the next bytes.
    fn token(&mut self, kind: TokenKind, length: usize) {
        let span = self.span(self.at, self.at + length);
        self.tokens.push(Token { kind, span });
        self.at += length;
    }

    fn next(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        if first.is_whitespace() || (first == '\u{feff}' && self.at == 0) {
            self.at += first.len_utf8();
        } else if rest.starts_with("//") {
            self.line_comment();
        } else if rest.starts_with("/*") {
            self.block_comment();
        } else if starts_word(first) {
            let length = rest.find(|next| !continues_word(next)).unwrap_or(rest.len());
            let word = rest[..length].to_string();
            self.token(TokenKind::Identifier(word), length);
        } else if first.is_ascii_digit() {
            self.number();
        } else if first == '"' {
            self.string();
        } else if let Some(text) = PUNCTUATION.iter().find(|text| rest.starts_with(**text)) {
            self.token(TokenKind::Punctuation(text), text.len());
        } else {
            self.foreign();
        }
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
        let (length, text) = (line.len(), line.trim_end());
        match text.strip_prefix("///") {
            Some(documentation) if !documentation.starts_with('/') => {
                let documentation = documentation.to_string();
                let shown = text.len();
                self.token(TokenKind::Documentation(documentation), shown);
                self.at += length - shown;
            }
            _ => {
                let comment = Comment { text: text.to_string(), span: self.span(self.at, self.at + text.len()) };
                self.comments.push(comment);
                self.at += length;
            }
        }
    }

    /// A comment between `/*` and `*/`, which may hold others.
    fn block_comment(&mut self) {
        let bytes = self.rest().as_bytes();
        let (mut depth, mut length) = (0_usize, 0);
        loop {
            match bytes.get(length..length + 2) {
                Some(b"/*") => (depth, length) = (depth + 1, length + 2),
                Some(b"*/") => (depth, length) = (depth - 1, length + 2),
                Some(_) => length += 1,
                None => break self.unclosed_comment(),
            }
            if depth == 0 {
                let comment = Comment { text: self.rest()[..length].to_string(), span: self.span(self.at, self.at + length) };
                self.comments.push(comment);
                self.at += length;
                return;
            }
        }
    }

    fn unclosed_comment(&mut self) {
        let span = self.span(self.at, self.at + 2);
        let error = Diagnostic::error(span, "the comment is not closed").labelled("it begins here");
        self.diagnostics.push(error.help("close it with `*/`"));
        self.at = self.text.len();
    }

    fn number(&mut self) {
        let read = number(self.rest());
        if let Some(problem) = read.problem {
            let span = self.span(self.at, self.at + read.length);
            self.diagnostics.push(Diagnostic::error(span, problem));
        }
        self.token(read.kind, read.length);
    }

    /// A text in quotes; it ends on its line.
    fn string(&mut self) {
        let rest = self.rest();
        let mut content = String::new();
        let mut characters = rest.char_indices().skip(1);
        let mut length = rest.len();
        let mut closed = false;
        let mut wrong = None;
        while let Some((place, character)) = characters.next() {
            match character {
                '"' => {
                    (closed, length) = (true, place + 1);
                    break;
                }
                '\n' => {
                    length = place;
                    break;
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => content.push(escaped),
                    _ => wrong = Some(place),
                },
                _ => content.push(character),
            }
        }
        let (start, end) = (self.at, self.at + length);
        if let Some(place) = wrong {
            let error = Diagnostic::error(self.span(start + place, start + place + 1), "an unknown escape in a text");
            self.diagnostics.push(error.help("only `\\\"` and `\\\\` can be escaped; paths are written with `/`"));
        } else if !closed {
            let error = Diagnostic::error(self.span(start, start + 1), "the text is not closed on its line");
            self.diagnostics.push(error.labelled("it begins here").help("close it with `\"`"));
        }
        debug_assert!(end <= self.text.len());
        self.token(TokenKind::Text(content), length);
    }

    /// Characters that the language does not have, as many as stand together.
    fn foreign(&mut self) {
        let rest = self.rest();
        let length = rest.find(|next| !is_foreign(next)).unwrap_or(rest.len()).max(1);
        let length = (length..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let found = rest[..length].to_string();
        let span = self.span(self.at, self.at + length);
        self.at += length;
        if self.broken && found.chars().all(|character| character == char::REPLACEMENT_CHARACTER) {
            return;
        }
        let shown: String = found.chars().take(20).map(|next| if next.is_control() { '\u{fffd}' } else { next }).collect();
        let error = Diagnostic::error(span, format!("`{shown}` is not part of the language"));
        self.diagnostics.push(match cure(&found) {
            Some(cure) => error.help(cure),
            None => error,
        });
        match found.as_str() {
            // What was meant as a comment is none of the program.
            "#" if !self.rest().starts_with('[') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
            "'" if self.tokens.last().is_some_and(|token| token.span.end == span.start) => {
                let word = TokenKind::Identifier("T".to_owned());
                self.tokens.extend([TokenKind::Punctuation("."), word].map(|kind| Token { kind, span }));
            }
            _ => {}
        }
    }
}

/// What was probably meant.
fn cure(found: &str) -> Option<&'static str> {
    Some(match found.chars().next()? {
        '\'' => "a transpose is written `x.T`, a text in double quotes",
        '&' => "`and` is written `&&`",
        '|' => "`or` is written `||`, a pipe `|>`",
        '#' => "a comment begins with `//`",
        '%' => "a remainder is written `a - b * floor(a / b)`",
        '?' => "a choice is written `where(condition, a, b)`",
        '\u{2212}' | '\u{2013}' => "a minus is written `-`",
        '\u{d7}' | '\u{b7}' => "a product is written `*`",
        _ => return None,
    })
}
