//! The matrix product, with NumPy's rules for vectors and leading axes.

use super::Result;
use super::core::Elaborator;
use super::view::View;
use crate::ir::{Extent, Index, Label};
use crate::ops::{Operator, Reduction};
use crate::span::Span;
use crate::syntax::tree::{Expression, ExpressionKind};

impl<'a> Elaborator<'a> {
    /// `left @ right`
    pub fn matrix_product(
        &mut self,
        (left, left_expression): (View, &'a Expression),
        (right, right_expression): (View, &'a Expression),
        span: Span,
    ) -> Result<View> {
        for (view, expression) in [(&left, left_expression), (&right, right_expression)] {
            if view.rank() == 0 {
                return Err(
                    self.error(expression.span, "`@` needs a vector or a matrix, this is a number: `*` multiplies numbers")
                );
            }
        }
        let inner = right.rank().saturating_sub(2);
        let (a, b) = (self.extent(left.axes[left.rank() - 1]).clone(), self.extent(right.axes[inner]).clone());
        if a != b {
            return Err(self.unequal_inner((&left, left_expression), (&right, right_expression), span));
        }
        let (left_what, right_what) = (operand_name(left_expression, "left"), operand_name(right_expression, "right"));
        let left = self.stored_unless_plain(left, &left_what, left_expression.span)?;
        let right = self.stored_unless_plain(right, &right_what, right_expression.span)?;
        let (left, right) = (self.fresh(&left), self.fresh(&right));
        let rows = left.rank().checked_sub(2).map(|axis| left.axes[axis]);
        let columns = (right.rank() >= 2).then(|| right.axes[right.rank() - 1]);
        let batches = self.batches(&left, &right, span)?;
        let axes: Vec<Label> = batches.iter().copied().chain(rows).chain(columns).collect();
        let bound = self.label(a);
        let left_body = self.operand(&left, &batches, rows.into_iter().chain([bound]));
        let right_body = self.operand(&right, &batches, [bound].into_iter().chain(columns));
        let product = self.formulas.apply(Operator::Multiply, &[left_body, right_body]);
        let body = self.reduced(Reduction::Sum, vec![bound], product, &axes, "product", span)?;
        Ok(View { axes, body })
    }

    /// The leading axes of a product.
    fn batches(&mut self, left: &View, right: &View, span: Span) -> Result<Vec<Label>> {
        let number = self.formulas.number(0.0);
        let leading = |view: &View| View { axes: view.axes[..view.rank().saturating_sub(2)].to_vec(), body: number };
        let views = [leading(left), leading(right)];
        Ok(self.broadcast(&views, "the matrix product of batches", &[], span)?.axes)
    }

    /// An operand at the labels of the product.
    fn operand(&mut self, view: &View, batches: &[Label], last: impl Iterator<Item = Label>) -> super::formula::FormulaId {
        let leading = view.rank().saturating_sub(2);
        let targets = batches[batches.len() - leading..].iter().copied().chain(last);
        let at: Vec<Index> = (view.axes.iter().zip(targets))
            .map(|(own, target)| {
                let stretched = self.extent(*own).is_one() && *self.extent(target) != Extent::one();
                if stretched { Index::default() } else { Index::label(target) }
            })
            .collect();
        self.at(view, &at)
    }

    fn unequal_inner(
        &mut self,
        (left, left_expression): (&View, &'a Expression),
        (right, right_expression): (&View, &'a Expression),
        span: Span,
    ) -> super::Reported {
        let (left_name, right_name) = (shown(left_expression), shown(right_expression));
        let (left_shape, right_shape) = (self.shape_text(left), self.shape_text(right));
        let axis = left.rank() - 1;
        let inner = right.rank().saturating_sub(2);
        let (a, b) = (self.extent(left.axes[axis]).clone(), self.extent(right.axes[inner]).clone());
        let (a, b) = (self.extent_text(&a), self.extent_text(&b));
        let mut wanted: Vec<Extent> = self.shape(right);
        wanted[inner] = self.extent(left.axes[axis]).clone();
        let wanted = self.extents_text(&wanted);
        self.error_with(span, "the matrix product needs equal inner axes", |diagnostic| {
            diagnostic
                .also(left_expression.span, format!("{left_name}: {left_shape}"))
                .also(right_expression.span, format!("{right_name}: {right_shape}"))
                .help(format!(
                    "{a} (axis {axis} of {left_name}) and {b} (axis {inner} of {right_name}) must be the same; \
                     is {right_name}: {wanted} meant?"
                ))
        })
    }
}

fn shown(expression: &Expression) -> String {
    if let ExpressionKind::Name(name) = &expression.kind { name.clone() } else { "this".to_owned() }
}

/// The name of an operand that must be stored: its own where it has one.
fn operand_name(expression: &Expression, side: &str) -> String {
    if let ExpressionKind::Name(name) = &expression.kind { name.clone() } else { side.to_owned() }
}
