//! Steps whose code is equal but for numbers, as that of many layers of different widths: they share a function that takes the numbers, so
//! that programs do not grow with each of them. It must not know what a step does.

use super::scope::REMARK;
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Where the code of a step hands its numbers on to functions within it, and where such a function or a struct declares them.
const HANDED: &str = "handed_numbers";
const DECLARED: &str = "declared_numbers";

/// So many variants of a step have a function each, in which the compiler of Rust knows all numbers.
const FEW: usize = 8;

/// Code in two parts: its text, with a place for each number, and the numbers.
#[derive(Clone, Debug)]
pub struct Form {
    text: String,
    numbers: Vec<u64>,
}

impl Form {
    /// Of code; `None` if there may be a number in it that is no `usize`.
    pub fn of(code: &[&TokenStream]) -> Option<Self> {
        let mut form = Self { text: String::new(), numbers: Vec::new() };
        code.iter().for_each(|&code| write(parts(code.clone(), Delimiter::None), &mut form.text, &mut Some(&mut form.numbers)));
        (!["isize", "i32"].iter().any(|kind| form.text.contains(kind))).then_some(form)
    }
}

/// The text of code with its numbers in it, without remarks.
pub fn text(code: &[&TokenStream]) -> String {
    let mut text = String::new();
    code.iter().for_each(|&code| write(parts(code.clone(), Delimiter::None), &mut text, &mut None));
    text
}

/// A place in code where the numbers of a family are handed on.
pub fn handed() -> Ident {
    Ident::new(HANDED, Span::mixed_site())
}

/// A place in code where the numbers of a family are declared.
pub fn declared() -> Ident {
    Ident::new(DECLARED, Span::mixed_site())
}

/// Code that takes no numbers.
pub fn without_numbers(code: TokenStream) -> TokenStream {
    Family::default().named(code, &[], &mut 0)
}

/// The forms that there are.
#[derive(Debug, Default)]
pub struct Families(BTreeMap<String, BTreeSet<Vec<u64>>>);

/// A form that has many variants.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// The text of all variants.
    pub text: String,
    /// For each number of the code which argument it is, if it is not the same in all variants.
    places: Vec<Option<usize>>,
    /// The arguments of this variant.
    pub arguments: Vec<u64>,
}

impl Families {
    /// Counts a variant.
    pub fn add(&mut self, form: Form) {
        self.0.entry(form.text).or_default().insert(form.numbers);
    }

    /// Forgets the forms that have few variants.
    pub fn keep_large(&mut self) {
        self.0.retain(|_, variants| variants.len() > FEW);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The family of a form.
    pub fn of(&self, form: Form) -> Option<Family> {
        let variants = self.0.get(&form.text)?;
        let mut columns: Vec<Vec<u64>> = Vec::new();
        let (mut places, mut arguments) = (Vec::new(), Vec::new());
        for (at, &number) in form.numbers.iter().enumerate() {
            let column: Vec<u64> = variants.iter().map(|numbers| numbers[at]).collect();
            let differs = column.iter().any(|&other| other != number);
            places.push(differs.then(|| {
                columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                    columns.push(column);
                    arguments.push(number);
                    columns.len() - 1
                })
            }));
        }
        Some(Family { text: form.text, places, arguments })
    }
}

impl Family {
    /// Names for the arguments, which the code does not have.
    pub fn names(&self, code: &[&TokenStream]) -> Vec<Ident> {
        let taken = text(code);
        let free = (1..).map(|number| format!("number_{number}")).filter(|name| !taken.contains(name));
        free.take(self.arguments.len()).map(|name| Ident::new(&name, Span::mixed_site())).collect()
    }

    /// Code with names where numbers differ; `seen` counts the numbers so far.
    pub fn named(&self, code: TokenStream, names: &[Ident], seen: &mut usize) -> TokenStream {
        self.named_parts(parts(code, Delimiter::None), names, seen)
    }

    fn named_parts(&self, parts: Vec<Part>, names: &[Ident], seen: &mut usize) -> TokenStream {
        let named = parts.into_iter().map(|part| match part {
            Part::Remark(trees) => trees,
            Part::Other(TokenTree::Ident(name)) if name == HANDED => quote!(#(#names,)*),
            Part::Other(TokenTree::Ident(name)) if name == DECLARED => quote!(#(#names: usize,)*),
            Part::Other(tree) => tree.into(),
            Part::Number(literal, _) => {
                let place = self.places.get(*seen).copied().flatten();
                *seen += 1;
                place.map_or_else(|| TokenTree::from(literal), |place| names[place].clone().into()).into()
            }
            Part::Group(group) => {
                let inner = self.named_parts(self::parts(group.stream(), group.delimiter()), names, seen);
                let mut named = Group::new(group.delimiter(), inner);
                named.set_span(group.span());
                TokenTree::from(named).into()
            }
        });
        named.collect()
    }
}

/// A part of code.
enum Part {
    /// `remark!(number);`
    Remark(TokenStream),
    /// A whole number without a type.
    Number(Literal, u64),
    Group(Group),
    Other(TokenTree),
}

/// The parts of what stands in such brackets. The length of an array is no number: it cannot be an argument.
fn parts(tokens: TokenStream, brackets: Delimiter) -> Vec<Part> {
    let (mut parts, mut trees, mut in_length) = (Vec::new(), tokens.into_iter(), false);
    while let Some(tree) = trees.next() {
        in_length |= brackets == Delimiter::Bracket && matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ';');
        parts.push(match tree {
            tree if in_length => Part::Other(tree),
            TokenTree::Ident(name) if name == REMARK => {
                Part::Remark([TokenTree::from(name)].into_iter().chain(trees.by_ref().take(3)).collect())
            }
            TokenTree::Literal(literal) => match literal.to_string().parse() {
                Ok(number) => Part::Number(literal, number),
                Err(_) => Part::Other(literal.into()),
            },
            TokenTree::Group(group) => Part::Group(group),
            TokenTree::Ident(_) | TokenTree::Punct(_) => Part::Other(tree),
        });
    }
    parts
}

/// Writes code; numbers are told apart where they are asked for.
fn write(parts: Vec<Part>, text: &mut String, numbers: &mut Option<&mut Vec<u64>>) {
    for part in parts {
        match (part, &mut *numbers) {
            (Part::Remark(_), _) => {}
            (Part::Number(_, number), Some(numbers)) => {
                numbers.push(number);
                text.push_str("# ");
            }
            (Part::Number(_, number), None) => {
                let _ = write!(text, "{number} ");
            }
            (Part::Other(tree), _) => {
                let _ = write!(text, "{tree} ");
            }
            (Part::Group(group), _) => {
                let [open, close] = match group.delimiter() {
                    Delimiter::Parenthesis => ['(', ')'],
                    Delimiter::Brace => ['{', '}'],
                    Delimiter::Bracket => ['[', ']'],
                    Delimiter::None => [' ', ' '],
                };
                text.push(open);
                write(self::parts(group.stream(), group.delimiter()), text, numbers);
                text.push(close);
            }
        }
    }
}
