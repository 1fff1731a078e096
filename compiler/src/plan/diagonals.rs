//! Diagonals: what is 0 on one side of one, as weights of attention are under a causal mask. Formulas get the condition that says so, so that their loops
//! end there; see `edges` for what products do with it. It must know nothing of masks as such: an exponential of -∞ is 0, and so is a product with that.

use super::lower::redefine;
use super::offset::guess;
use super::product::Contractions;
use crate::ir::{Atom, Definition, Element, ExpressionId, Expressions, Guarded, Index, Label, Node, Program, conditions};
use crate::ops::{Operator, Reduction};

/// Along shorter axes nothing is worth a condition.
pub const SHORT: i64 = 16;

/// A label that is not behind another by more than an offset: `second <= first + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagonal {
    pub first: Label,
    pub second: Label,
    pub offset: i64,
}

impl Diagonal {
    /// Of a form that is not negative there: `first - second + offset`.
    pub fn of(form: &Index) -> Option<Self> {
        let offset = form.constant_part().as_constant()?;
        let (mut first, mut second) = (None, None);
        for (atom, factor) in form.terms() {
            let Atom::Label(label) = atom else { return None };
            let place = match factor.as_constant()? {
                1 => &mut first,
                -1 => &mut second,
                _ => return None,
            };
            if place.replace(*label).is_some() {
                return None;
            }
        }
        Some(Self { first: first?, second: second?, offset })
    }

    fn condition(self, expressions: &mut Expressions) -> ExpressionId {
        let [second, first] = [Index::label(self.second), Index::label(self.first).plus_extent(&self.offset.into())]
            .map(|index| expressions.intern(Node::Position(index)));
        expressions.apply(Operator::LessEqual, &[second, first])
    }
}

/// The diagonals among the conditions under which a formula is other than 0.
pub fn conditions_of(expressions: &Expressions, body: ExpressionId) -> Vec<Diagonal> {
    let conditions = Guarded::of(expressions, body).conditions.into_iter();
    conditions.filter_map(|condition| Diagonal::of(&expressions.not_negative(condition)?)).collect()
}

/// Gives formulas and sums that are no products of matrices the conditions under which they are other than 0.
pub fn add_conditions(program: &mut Program, contractions: &Contractions) {
    let recurrent = program.recurrent();
    for id in program.order() {
        let Some(Definition { reduction, body }) = program.definition(id).cloned() else { continue };
        let is_sum_or_formula = matches!(reduction, None | Some((Reduction::Sum, _)));
        if !is_sum_or_formula || contractions.contains_key(&id) || recurrent.contains(&id) {
            continue;
        }
        if program.tensor(id).element != Element::Real {
            continue;
        }
        let (known, extents) = (conditions_of(&program.expressions, body), program.label_extents(id));
        let is_long = |label: Label| extents.get(label.0 as usize).is_some_and(|extent| guess(extent) > SHORT);
        let mut found = Vec::new();
        for diagonal in vanishing(program, body) {
            if !known.contains(&diagonal) && !found.contains(&diagonal) && is_long(diagonal.first) && is_long(diagonal.second) {
                found.push(diagonal);
            }
        }
        let zero = program.expressions.number(0.0);
        let body = found.into_iter().fold(body, |body, diagonal| {
            let condition = diagonal.condition(&mut program.expressions);
            program.expressions.select(condition, body, zero)
        });
        redefine(program, id, Definition { reduction, body });
    }
}

/// What a formula is on the other side of a diagonal.
#[derive(Clone, Copy)]
enum Beyond {
    Zero,
    /// -∞
    Lowest,
}

/// The diagonals beyond which a formula is 0, wherever its other factors are finite.
fn vanishing(program: &Program, body: ExpressionId) -> Vec<Diagonal> {
    let expressions = &program.expressions;
    let mut found = Vec::new();
    // Formulas, what they are to be, and what stands for their labels.
    let mut open = vec![(body, Beyond::Zero, None::<Vec<Index>>)];
    while let Some((id, beyond, labels)) = open.pop() {
        let in_labels = |form: &Index| match &labels {
            Some(labels) => form.substitute(&mut |own| labels.get(own.0 as usize).cloned().unwrap_or_default()),
            None => form.clone(),
        };
        let mut go_on = |id: ExpressionId, beyond: Beyond| open.push((id, beyond, labels.clone()));
        match (expressions.node(id), beyond) {
            (Node::Select(condition, then, otherwise), _) if is(expressions, *otherwise, beyond) => {
                let forms = conditions(expressions, *condition).into_iter().filter_map(|one| expressions.not_negative(one));
                found.extend(forms.filter_map(|form| Diagonal::of(&in_labels(&form))));
                go_on(*then, beyond);
            }
            (Node::Apply(Operator::Multiply, factors), Beyond::Zero) => factors.iter().for_each(|&one| go_on(one, beyond)),
            (Node::Apply(Operator::Divide | Operator::Negate, arguments), Beyond::Zero) => go_on(arguments[0], beyond),
            (Node::Apply(Operator::Exp, arguments), Beyond::Zero) => go_on(arguments[0], Beyond::Lowest),
            (Node::Apply(Operator::Subtract, arguments), Beyond::Lowest) => go_on(arguments[0], beyond),
            (Node::Read(tensor, at), _) => {
                let definition = program.definition(*tensor).filter(|definition| definition.reduction.is_none());
                if let Some(definition) = definition {
                    let at = at.iter().map(in_labels).collect();
                    open.push((definition.body, beyond, Some(at)));
                }
            }
            (Node::Number(_) | Node::Position(_) | Node::Random(..) | Node::Apply(..) | Node::Select(..), _) => {}
        }
    }
    found
}

/// Whether a formula is that number.
fn is(expressions: &Expressions, id: ExpressionId, beyond: Beyond) -> bool {
    let number = match beyond {
        Beyond::Zero => 0.0,
        Beyond::Lowest => f64::NEG_INFINITY,
    };
    expressions.as_number(id) == Some(number)
}
