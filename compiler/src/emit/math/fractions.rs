//! Fractions beside derivatives and δs: `∂y/∂x / B` and `δ(i = j) / B` in a line, 1/B · ∂y/∂x where what is divided stands above a line.

use super::{MULTIPLY, POSTFIX, Part, Symbol, UNARY, Walk, is_number};
use crate::syntax::tree::{Binary, Expression, ExpressionKind, Unary};

impl Walk<'_> {
    /// A quotient of which a derivative is the last factor, with that behind the line; `None` for others.
    pub(super) fn quotient(&self, above: &Expression, below: &Expression) -> Option<Part> {
        let style = self.style;
        if !style.is_stacked() {
            return None;
        }
        if self.is_derivative(above) {
            let one = Part::new(style.number(1.0), POSTFIX);
            return Some(style.product(style.fraction(one, self.part(below)), self.part(above), false));
        }
        let ExpressionKind::Binary(Binary::Multiply, left, last) = &above.kind else { return None };
        if !self.is_derivative(last) {
            return None;
        }
        let rest = self.quotient(left, below).unwrap_or_else(|| style.fraction(self.part(left), self.part(below)));
        Some(style.product(rest, self.part(last), false))
    }

    /// Whether an expression is a derivative, or an element of one.
    fn is_derivative(&self, source: &Expression) -> bool {
        let whole = if let ExpressionKind::Index(of, _) = &source.kind { of } else { source };
        let ExpressionKind::Name(name) = &whole.kind else { return false };
        matches!(self.names.symbols.get(name), Some(Symbol::Adjoint { .. } | Symbol::Partial { .. }))
    }

    /// A factor with δs behind it.
    pub(super) fn times_deltas(&self, factor: &Expression, deltas: Vec<String>) -> Part {
        let style = self.style;
        if let ExpressionKind::Binary(Binary::Divide, above, below) = &factor.kind
            && !style.is_stacked()
        {
            return style.fraction(self.times_deltas(above, deltas), self.part(below));
        }
        if let ExpressionKind::Unary(Unary::Negate, of) = &factor.kind {
            let positive = self.times_deltas(of, deltas);
            return Part::new(format!("-{}", style.around(&positive, MULTIPLY)), UNARY);
        }
        let deltas = deltas.into_iter().map(|delta| Part::new(delta, POSTFIX));
        let factor = (!is_number(factor, 1.0)).then(|| self.part(factor));
        let all = factor.into_iter().chain(deltas).reduce(|left, right| style.product(left, right, false));
        all.unwrap_or_else(|| Part::new(style.number(1.0), POSTFIX))
    }
}
