//! Patterns: formulas with variables, written with Rust's own operators so that a rule reads as an equation.

use crate::ir::{ExpressionId, Expressions, Node};
use crate::ops::Operator;

/// A formula with variables. Patterns are made once and live as long as the program, so they are copied freely.
#[derive(Clone, Copy, Debug)]
pub struct Pattern(&'static Form);

#[derive(Debug)]
pub(super) enum Form {
    /// Any formula.
    Variable(usize),
    /// Any number.
    AnyNumber(usize),
    /// This number.
    Number(f64),
    Apply(Operator, Vec<Pattern>),
    Select(Pattern, Pattern, Pattern),
}

/// How many variables a rule may have.
pub(super) const VARIABLES: usize = 6;

/// What the variables of a pattern stand for.
pub(super) type Bindings = [Option<ExpressionId>; VARIABLES];

/// Whether a way to match is the one that is looked for.
pub(super) type Accept<'a> = dyn FnMut(&Bindings) -> bool + 'a;

impl Pattern {
    fn new(form: Form) -> Self {
        // The few hundred nodes of the rules are made once.
        Self(Box::leak(Box::new(form)))
    }

    pub(super) fn form(self) -> &'static Form {
        self.0
    }

    /// Goes through the ways in which a formula is an instance of the pattern until one is accepted, and says whether one was. Sums and
    /// products are tried in both orders.
    pub(super) fn matches(
        self,
        expressions: &Expressions,
        id: ExpressionId,
        bindings: &Bindings,
        accept: &mut Accept<'_>,
    ) -> bool {
        match self.0 {
            Form::Number(number) => expressions.as_number(id) == Some(*number) && accept(bindings),
            Form::AnyNumber(_) if expressions.as_number(id).is_none() => false,
            Form::Variable(number) | Form::AnyNumber(number) => match bindings[*number] {
                Some(bound) => bound == id && accept(bindings),
                None => {
                    let mut bound = *bindings;
                    bound[*number] = Some(id);
                    accept(&bound)
                }
            },
            Form::Apply(operator, patterns) => {
                let Node::Apply(found, arguments) = expressions.node(id) else { return false };
                found == operator
                    && (all(patterns, arguments, expressions, bindings, accept)
                        || is_commutative(*operator)
                            && arguments[0] != arguments[1]
                            && all(patterns, &[arguments[1], arguments[0]], expressions, bindings, accept))
            }
            Form::Select(condition, then, otherwise) => {
                let Node::Select(a, b, c) = expressions.node(id) else { return false };
                all(&[*condition, *then, *otherwise], &[*a, *b, *c], expressions, bindings, accept)
            }
        }
    }

    /// The formula that the pattern is with these bindings.
    pub(super) fn build(self, expressions: &mut Expressions, bindings: &Bindings) -> ExpressionId {
        match self.0 {
            Form::Number(number) => expressions.number(*number),
            Form::Variable(number) | Form::AnyNumber(number) => {
                bindings[*number].unwrap_or_else(|| unreachable!("a rule's right side has only variables of its left side"))
            }
            Form::Apply(operator, patterns) => {
                let arguments: Vec<_> = patterns.iter().map(|pattern| pattern.build(expressions, bindings)).collect();
                expressions.apply(*operator, &arguments)
            }
            Form::Select(condition, then, otherwise) => {
                let condition = condition.build(expressions, bindings);
                let then = then.build(expressions, bindings);
                let otherwise = otherwise.build(expressions, bindings);
                expressions.select(condition, then, otherwise)
            }
        }
    }
}

/// The same for formulas that are instances of a pattern each.
fn all(
    patterns: &[Pattern],
    ids: &[ExpressionId],
    expressions: &Expressions,
    bindings: &Bindings,
    accept: &mut Accept<'_>,
) -> bool {
    let (Some((pattern, patterns)), Some((&id, ids))) = (patterns.split_first(), ids.split_first()) else {
        return accept(bindings);
    };
    pattern.matches(expressions, id, bindings, &mut |bound| all(patterns, ids, expressions, bound, accept))
}

/// Whether `a op b` has the same bits as `b op a`.
pub(super) fn is_commutative(operator: Operator) -> bool {
    use Operator::{Add, And, Equal, Multiply, NotEqual, Or};
    matches!(operator, Add | Multiply | Equal | NotEqual | And | Or)
}

/// A variable for any formula.
pub(super) fn variable(number: usize) -> Pattern {
    Pattern::new(Form::Variable(number))
}

/// A variable for any number.
pub(super) fn any_number(number: usize) -> Pattern {
    Pattern::new(Form::AnyNumber(number))
}

/// An operator applied.
pub(super) fn apply(operator: Operator, arguments: &[Pattern]) -> Pattern {
    Pattern::new(Form::Apply(operator, arguments.to_vec()))
}

/// `where(condition, then, otherwise)`
pub(super) fn select(condition: Pattern, then: impl Into<Pattern>, otherwise: impl Into<Pattern>) -> Pattern {
    Pattern::new(Form::Select(condition, then.into(), otherwise.into()))
}

impl From<f64> for Pattern {
    fn from(value: f64) -> Self {
        Self::new(Form::Number(value))
    }
}

macro_rules! infix {
    ($($trait:ident $method:ident $operator:ident),*) => {$(
        impl<P: Into<Pattern>> std::ops::$trait<P> for Pattern {
            type Output = Pattern;
            fn $method(self, other: P) -> Pattern {
                apply(Operator::$operator, &[self, other.into()])
            }
        }
        impl std::ops::$trait<Pattern> for f64 {
            type Output = Pattern;
            fn $method(self, other: Pattern) -> Pattern {
                apply(Operator::$operator, &[self.into(), other])
            }
        }
    )*};
}

infix!(Add add Add, Sub sub Subtract, Mul mul Multiply, Div div Divide);

impl std::ops::Neg for Pattern {
    type Output = Self;
    fn neg(self) -> Self {
        apply(Operator::Negate, &[self])
    }
}

macro_rules! functions {
    ($($name:ident $operator:ident),*) => {$(
        pub(super) fn $name(argument: impl Into<Pattern>) -> Pattern {
            apply(Operator::$operator, &[argument.into()])
        }
    )*};
}

functions!(exp Exp, expm1 ExpM1, log Log, log1p Log1P, sqrt Sqrt, rsqrt Rsqrt, abs Abs, sigmoid Sigmoid, softplus Softplus, not Not);

macro_rules! binary_functions {
    ($($name:ident $operator:ident),*) => {$(
        pub(super) fn $name(a: impl Into<Pattern>, b: impl Into<Pattern>) -> Pattern {
            apply(Operator::$operator, &[a.into(), b.into()])
        }
    )*};
}

binary_functions!(power Power, minimum Minimum, maximum Maximum, and And, or Or, equal Equal, not_equal NotEqual);
