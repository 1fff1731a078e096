//! The likely cure of a failure to read: what was probably meant, also by people who are used to Python or Rust.
//!
//! It must not know how anything is read.

use super::input::{Expected, Furthest, Tokens};
use super::recovery::{ITEMS, STATEMENTS, statement_ahead};
use super::token::TokenKind;

/// Words with which nothing begins here, but something in other languages, and what is written instead.
const BEGINNINGS: &[(&str, &str)] = &[
    ("let", "a definition needs no `let`: `y = ...;`"),
    ("var", "a definition needs no `var`: `y = ...;`"),
    ("def", "a function is an item beside the network: `fn f(x) = ...;`"),
    ("function", "a function is an item beside the network: `fn f(x) = ...;`"),
    ("return", "the value of a function or a layer is the expression at its end; a network has `output y = ...;`"),
    ("for", "there are no loops: index notation says it for every index, `y[i] = ...;`"),
    ("while", "there are no loops: index notation says it for every index, `y[i] = ...;`"),
    ("class", "a network is written `network Name { ... }`"),
    ("struct", "a network is written `network Name { ... }`"),
    ("model", "a network is written `network Name { ... }`"),
];

/// Operators that are words elsewhere: before an operand, and between two.
const OPERATORS: &[(&str, &str)] =
    &[("and", "`and` is written `&&`"), ("or", "`or` is written `||`"), ("not", "`not` is written `!`")];

/// The cure, where one is likely: the statement or item began at `start` and could not be read at `failed`.
pub(super) fn cure(start: Tokens<'_>, failed: Tokens<'_>, furthest: &Furthest) -> Option<String> {
    let place = Place { start, failed, furthest };
    place.beginning().or_else(|| place.found())
}

struct Place<'t> {
    start: Tokens<'t>,
    failed: Tokens<'t>,
    furthest: &'t Furthest,
}

impl Place<'_> {
    fn may(&self, text: &'static str) -> bool {
        self.furthest.expected.contains(&Expected::Exactly(text))
    }

    fn may_be(&self, words: &'static str) -> bool {
        self.furthest.expected.contains(&Expected::Some(words))
    }

    /// How many tokens were read before the failure.
    fn read(&self) -> usize {
        self.furthest.position.saturating_sub(self.start.position())
    }

    /// The word with which it begins.
    fn begins(&self, words: &[&str]) -> bool {
        self.start.word(0).is_some_and(|word| words.contains(&word))
    }

    /// A cure for how it begins.
    fn beginning(&self) -> Option<String> {
        let word = self.start.word(0)?;
        let known = BEGINNINGS.iter().find(|(beginning, _)| *beginning == word);
        match self.read() {
            0 if self.may_be(super::items::ITEM) => Some(known.map_or_else(|| self.outside(), |(_, cure)| (*cure).to_owned())),
            0 if word == "if" => Some(
                "`if` is an expression: `y = if a { b } else { c };`; `where(a, b, c)` chooses element by element".to_owned(),
            ),
            1 => known.map(|(_, cure)| (*cure).to_owned()).or_else(|| self.keyword()),
            _ => None,
        }
    }

    /// What stands beside networks and belongs elsewhere.
    fn outside(&self) -> String {
        let number = matches!(self.start.nth(2), Some(TokenKind::Integer(_) | TokenKind::Float(_)));
        if number && self.start.at_distance(1, "=") && self.start.at_distance(3, ";") {
            return "a constant is written `const N = 3;`".to_owned();
        }
        if statement_ahead(self.start) || self.begins(STATEMENTS) {
            return "statements stand in a network: `network Name { ... }`".to_owned();
        }
        "a network is written `network Name { ... }`".to_owned()
    }

    /// The keyword that was probably meant.
    fn keyword(&self) -> Option<String> {
        if !self.may("=") || !matches!(self.failed.first(), Some(TokenKind::Identifier(_))) {
            return None;
        }
        let word = self.start.word(0).filter(|word| word.len() < 20)?;
        let nearest = STATEMENTS.iter().min_by_key(|keyword| distance(word, keyword))?;
        Some(if distance(word, nearest) <= 2 {
            format!("is `{nearest}` meant?")
        } else {
            format!("a statement begins with {} or `name =`", words(STATEMENTS))
        })
    }

    /// A cure for what was found.
    fn found(&self) -> Option<String> {
        let cure = match self.failed.first() {
            Some(TokenKind::Documentation(_)) => "`///` documents the item or the statement after it; write `//` for a comment",
            Some(TokenKind::Punctuation(sign)) => return self.sign(sign).map(str::to_owned),
            Some(TokenKind::Identifier(word)) => return self.word(word).map(str::to_owned),
            Some(TokenKind::Text(_)) if self.may_be("an expression") => {
                "texts stand in imports alone; numbers and names are written without quotes"
            }
            None if self.may("}") => "put a `}` at the end",
            None if self.may(";") => "every statement ends with `;`",
            Some(TokenKind::Integer(_) | TokenKind::Float(_) | TokenKind::Text(_)) | None => return None,
        };
        Some(cure.to_owned())
    }

    fn word(&self, word: &str) -> Option<&'static str> {
        let before = self.failed.position().checked_sub(1).and_then(|last| self.failed.context.all.get(last));
        let before =
            before.and_then(|token| if let TokenKind::Identifier(word) = &token.kind { Some(word.as_str()) } else { None });
        let operator = |word: &str| OPERATORS.iter().find(|(known, _)| *known == word).map(|(_, cure)| *cure);
        if self.may_be("an operator") && before == Some("lambda") {
            return Some("a function is an item beside the network: `fn f(x) = ...;`");
        }
        if self.may_be("an operator") && (operator(word).is_some() || before == Some("not")) {
            return operator(word).or_else(|| operator("not"));
        }
        let next = statement_ahead(self.failed) || ITEMS.contains(&word);
        match (self.may(";") && next, self.may("[") && self.after(":")) {
            (true, _) => Some("every statement ends with `;`: put one before this"),
            (false, true) => Some("a shape is a list of sizes in brackets: `[B, 784]`"),
            (false, false) => None,
        }
    }

    fn after(&self, sign: &str) -> bool {
        let before = self.failed.position().checked_sub(1).and_then(|last| self.failed.context.all.get(last));
        before.is_some_and(|token| matches!(token.kind, TokenKind::Punctuation(found) if found == sign))
    }

    fn sign(&self, sign: &str) -> Option<&'static str> {
        let closer = self.furthest.opened.map_or("", |opened| opened.closer);
        Some(match sign {
            "=" if self.may_be("an operator") => "values are compared with `==`",
            "=" if self.may(":") && self.begins(&["param", "state"]) => "what is kept has a shape: `param w: [3, 4] = zeros;`",
            "=" if self.may("in") && self.begins(&["input", "target"]) => {
                "an input has no value of its own: it is given with the data"
            }
            "==" if self.may("=") => "a definition has one `=`",
            "*" if self.may_be("an expression") => "a power is written `x ^ 2`",
            "+" | "-" | "*" | "/" if self.read() == 1 && self.failed.at_distance(1, "=") => {
                "a name is defined once: give the new value another name"
            }
            ":" if closer == "]" => "a range is written `0..2`, a whole axis `_`",
            ":" if self.read() == 1 && self.failed.at_distance(1, "=") => "a definition is written `y = ...;`",
            ":" if self.begins(&["const"]) => "a constant has no type: `const N = 3;`",
            ":" if self.begins(&["output", "metric", "update"]) => "the shape follows from the value: `output y = ...;`",
            ":" | "->" if self.begins(&["fn"]) => "functions work for all shapes: `fn f(x) = ...;` has no types",
            "(" | "{" if self.may("[") && self.after(":") => "a shape is a list of sizes in brackets: `[B, 784]`",
            "(" if self.read() > 0 && self.may("=") && self.may("[") => "a statement gives a value a name: `y = ...;`",
            "[" if self.may(":") => "a `:` stands before the shape: `x: [B, 784]`",
            ";" if self.read() == 0 => "remove this `;`",
            "}" | "," if self.may(";") => "every statement ends with `;`",
            _ => return None,
        })
    }
}

fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters must change to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for column in 0..to.len() {
            let changed = diagonal + usize::from(letter != to[column]);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

/// Whether a word stands where a name would, as in `let y = ...` or `inptu x: ...`: the name comes behind it.
pub(super) fn stands_before_a_name(word: &str) -> bool {
    let near = |keyword: &&str| word.len() < 20 && distance(word, keyword) <= 2;
    BEGINNINGS.iter().any(|(beginning, _)| *beginning == word) || STATEMENTS.iter().any(near)
}
