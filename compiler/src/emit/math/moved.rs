//! Elements at places that brackets of the language cannot hold: `sum[at1](where(at1 == t - 1, h[at1], 0))` is written as `h[t - 1]`. (Where
//! there is no such place, it is 0.)

use crate::syntax::tree::{Binary, Expression, ExpressionKind, IndexItem, ReducedLabel};

/// The element that a sum is, where all its labels are such places.
pub fn element(labels: &[ReducedLabel], body: &Expression) -> Option<Expression> {
    let ExpressionKind::Call(callee, arguments) = &body.kind else { return None };
    let [condition, then, otherwise] = arguments.as_slice() else { return None };
    let is_where = matches!(&callee.kind, ExpressionKind::Name(word) if word == "where");
    let is_zero = matches!(otherwise.value.kind, ExpressionKind::Number { value: 0.0, .. });
    let ExpressionKind::Index(whole, items) = &then.value.kind else { return None };
    if !is_where || !is_zero || labels.is_empty() || !labels.iter().all(|label| is_place(&label.name.text)) {
        return None;
    }
    let mut conditions = Vec::new();
    super::conjunction(&condition.value, &mut conditions);
    let mut places = Vec::new();
    for condition in &conditions {
        let ExpressionKind::Binary(Binary::Equal, left, right) = &condition.kind else { return None };
        let ExpressionKind::Name(name) = &left.kind else { return None };
        places.push((name, right));
    }
    let is_met = |label: &ReducedLabel| places.iter().filter(|(name, _)| **name == label.name.text).count() == 1;
    if conditions.len() != labels.len() || !labels.iter().all(is_met) {
        return None;
    }
    let put = |item: &IndexItem| match item {
        IndexItem::At(Expression { kind: ExpressionKind::Name(own), .. }) => {
            let place = places.iter().find(|(name, _)| *name == own);
            place.map_or_else(|| item.clone(), |(_, place)| IndexItem::At((***place).clone()))
        }
        IndexItem::At(_) | IndexItem::Range(..) | IndexItem::Rest(_) | IndexItem::Whole(_) => item.clone(),
    };
    let items = items.iter().map(put).collect();
    Some(Expression { kind: ExpressionKind::Index(whole.clone(), items), span: then.value.span })
}

/// Whether a label is one that the printer of the language made: `at1`.
fn is_place(name: &str) -> bool {
    name.strip_prefix("at").is_some_and(|number| !number.is_empty() && number.chars().all(|letter| letter.is_ascii_digit()))
}
