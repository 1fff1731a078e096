//! Notations of single expressions, and LaTeX that is well-formed for all programs.

use super::{Latex, Names, Style, Symbol, Text, document, write};
use crate::diagnostic::Diagnostics;
use crate::emit::nn;
use crate::emit::nn::tests::{is_wanted, programs};
use crate::pipeline;
use crate::span::FileId;
use crate::syntax;

/// An expression of the language in a notation.
fn notation(source: &str, style: &dyn Style) -> String {
    let mut diagnostics = Diagnostics::new();
    let tokens = syntax::lex(source, FileId(0), &mut diagnostics);
    let tree = syntax::parse_expression(&tokens, FileId(0), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{source}");
    let mut names = Names::default();
    let adjoint = Symbol::Adjoint { of: "loss".into(), wrt: "y".into() };
    let partial = Symbol::Partial { of: "y".into(), wrt: "w".into(), rank: 1 };
    names.symbols = [("d y".to_owned(), adjoint), ("p".to_owned(), partial)].into();
    names.arrays = ["x", "w", "v", "d y"].map(str::to_owned).into();
    write(&tree, &names, style)
}

#[test]
fn expressions_read_as_mathematics() {
    for (source, text, latex) in [
        ("a - (b - c)", "a - (b - c)", r"a - \left(b - c\right)"),
        ("a + (b - c) * 2", "a + (b - c) · 2", r"a + \left(b - c\right) \cdot 2"),
        ("a + -b", "a - b", r"a - b"),
        ("a - -2 * b", "a + 2 · b", r"a + 2 \cdot b"),
        ("a / sqrt(2 * pi)", "a / √(2 · π)", r"\frac{a}{\sqrt{2 \cdot \pi}}"),
        ("2 / sqrt(pi)", "2 / √π", r"\frac{2}{\sqrt{\pi}}"),
        ("a / sqrt(2)", "a / √2", r"\frac{a}{\sqrt{2}}"),
        ("a * -2", "a · (-2)", r"a \cdot \left(-2\right)"),
        ("-(a + b)", "-(a + b)", r"-\left(a + b\right)"),
        ("a / (b * c)", "a / (b · c)", r"\frac{a}{b \cdot c}"),
        ("(a + b) / c", "(a + b) / c", r"\frac{a + b}{c}"),
        ("(a + b) ^ 2", "(a + b)²", r"\left(a + b\right)^{2}"),
        ("x * w", "x ∘ w", r"x \odot w"),
        ("x * a", "x · a", r"x \cdot a"),
        ("(x + v) @ w.T", "(x + v) @ wᵀ", r"\left(x + v\right) \, w^{\top}"),
        ("sum[k](x[k] * w[k, 1])", "Σ_k x[k] · w[k, 1]", r"\sum_{k} x_{k} \cdot w_{k, 1}"),
        ("sum[k](x[k] + 1) * 2", "(Σ_k (x[k] + 1)) · 2", r"\left(\sum_{k} \left(x_{k} + 1\right)\right) \cdot 2"),
        ("a * sum[k](x[k]) + b", "a · Σ_k x[k] + b", r"a \cdot \sum_{k} x_{k} + b"),
        ("sum[u in 0..3](u)", "Σ_{0 ≤ u < 3} u", r"\sum_{0 \le u < 3} u"),
        ("logsumexp[k](x[k])", "log(Σ_k exp(x[k]))", r"\log\left(\sum_{k} \exp\left(x_{k}\right)\right)"),
        ("where(i == j && k == 0, x[i], 0)", "x[i] · δ(i = j) · δ(k = 0)", r"x_{i} \cdot \delta_{i,\, j} \cdot \delta_{k,\, 0}"),
        ("where(i == j, 1, 0)", "δ(i = j)", r"\delta_{i,\, j}"),
        ("where(i == j, -a / b, 0)", "-a · δ(i = j) / b", r"\frac{-a}{b} \cdot \delta_{i,\, j}"),
        ("where(i == j, 1 / b, 0)", "δ(i = j) / b", r"\frac{1}{b} \cdot \delta_{i,\, j}"),
        (
            "where(a > 0, b, where(c <= 1, 1, 2))",
            "{b if a > 0; 1 if c ≤ 1; else 2}",
            r"\begin{cases} b & \text{if } a > 0 \\ 1 & \text{if } c \le 1 \\ 2 & \text{otherwise} \end{cases}",
        ),
        ("d y[i, j] * 2", "∂loss/∂y[i, j] · 2", r"\frac{\partial \mathit{loss}}{\partial y_{i, j}} \cdot 2"),
        ("a * d y[i, j] / b", "a · ∂loss/∂y[i, j] / b", r"\frac{a}{b} \cdot \frac{\partial \mathit{loss}}{\partial y_{i, j}}"),
        ("(d y).T", "(∂loss/∂y)ᵀ", r"\left(\frac{\partial \mathit{loss}}{\partial y}\right)^{\top}"),
        ("p[i, j]", "∂y[i]/∂w[j]", r"\frac{\partial y_{i}}{\partial w_{j}}"),
        ("relu(x, axis = 1)", "relu(x, axis = 1)", r"\operatorname{relu}_{\text{axis}\,1}\left(x\right)"),
        ("z1[i] + gamma", "z1[i] + gamma", r"{z_{1}}_{i} + \gamma"),
        ("my_x + 1e-5", "my_x + 10⁻⁵", r"\mathit{my\_x} + 10^{-5}"),
        ("sum[at1](where(at1 == t - 1, h[i, at1], 0))", "h[i, t - 1]", r"h_{i, t - 1}"),
        (
            "sum[at](where(at == t - 1, h[i, at], 0))",
            "Σ_at h[i, at] · δ(at = t - 1)",
            r"\sum_{\mathit{at}} h_{i, \mathit{at}} \cdot \delta_{\mathit{at},\, t - 1}",
        ),
        ("floor(i / 2)", "⌊i / 2⌋", r"\left\lfloor \frac{i}{2} \right\rfloor"),
    ] {
        assert_eq!(notation(source, &Text), text, "{source}");
        assert_eq!(notation(source, &Latex), latex, "{source}");
    }
}

/// What is wrong with a text as LaTeX: groups and environments that do not close, subscripts that meet, signs that are not escaped.
pub(crate) fn mistake(text: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    let mut after_subscript = false;
    let mut subscripts: Vec<bool> = Vec::new();
    while let Some(letter) = rest.chars().next() {
        let word = |from: &str| from.find(|next: char| !next.is_ascii_alphabetic()).unwrap_or(from.len());
        let mut length = letter.len_utf8();
        let was_subscript = std::mem::take(&mut after_subscript);
        match letter {
            '%' => length = rest.find('\n').unwrap_or(rest.len()),
            '\\' => {
                let end = word(&rest[1..]);
                length = 1 + end.max(1);
                match &rest[1..=end] {
                    "left" => open.push("left"),
                    "right" if open.pop() != Some("left") => return Some(format!("\\right alone: {rest:.40}")),
                    "begin" => open.push(rest.split_once('}')?.0.split_once('{')?.1),
                    "end" if open.pop() != Some(rest.split_once('}')?.0.split_once('{')?.1) => {
                        return Some(format!("an end alone: {rest:.40}"));
                    }
                    _ => {}
                }
            }
            '{' => {
                open.push("{");
                subscripts.push(false);
            }
            '}' => {
                if open.pop() != Some("{") {
                    return Some(format!("a brace alone: {rest:.40}"));
                }
                after_subscript = subscripts.pop().unwrap_or(false);
            }
            '_' => {
                if was_subscript || !rest.starts_with("_{") {
                    return Some(format!("a subscript: {rest:.40}"));
                }
                open.push("{");
                subscripts.push(true);
                length = 2;
            }
            '$' if open.last() == Some(&"$") => drop(open.pop()),
            '$' => open.push("$"),
            '#' | '~' => return Some(format!("not escaped: {rest:.40}")),
            _ => {}
        }
        rest = &rest[length..];
    }
    open.last().map(|left| format!("{left} is open at the end"))
}

#[test]
fn mistakes_are_seen() {
    for (text, is_right) in [
        (r"\frac{a}{b_{i}} % { _", true),
        (r"\left(a\right)", true),
        (r"a_{i}_{j}", false),
        (r"{a_{i}}_{j}", true),
        (r"\left(a", false),
        ("a_b", false),
        (r"a\_b", true),
        (r"\begin{cases} a \end{align}", false),
        ("{a", false),
    ] {
        assert_eq!(mistake(text).is_none(), is_right, "{text}: {:?}", mistake(text));
    }
}

#[test]
fn all_programs_are_well_formed_as_latex() {
    let mut count = 0;
    for (name, network) in programs() {
        let wrt = pipeline::parameters(&network);
        for derived in [pipeline::gradient(&network, &wrt, is_wanted), pipeline::raw_gradient(&network, &wrt)] {
            let text = document::latex(&nn::network(&derived.program), "loss", &pipeline::remarks(&network, &derived, true));
            assert_eq!(mistake(&text), None, "{name}:\n{text}");
            count += 1;
        }
    }
    assert!(count > 120, "{count}");
}
