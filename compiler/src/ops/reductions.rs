//! The reductions: how they are spelled, what they are over a sequence, and what they cost.

use super::Operator;
use chainrule_math as math;

/// What a definition may do with the values of its formula over the labels of its reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reduction {
    /// Σ; 0 over nothing.
    Sum,
    /// Π; 1 over nothing.
    Product,
    /// The largest; -∞ over nothing, NaN where one is.
    Maximum,
    /// The smallest; ∞ over nothing, NaN where one is.
    Minimum,
    /// log Σ exp, without overflow; -∞ over nothing.
    LogSumExp,
    /// The position of the first largest, counted in row-major order over the labels; a NaN is larger than all.
    ArgMaximum,
    /// The position of the first smallest, counted in row-major order over the labels; a NaN is smaller than all.
    ArgMinimum,
}

impl Reduction {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Sum, Self::Product, Self::Maximum, Self::Minimum, Self::LogSumExp, Self::ArgMaximum, Self::ArgMinimum];

    /// How the language spells it.
    pub fn spelling(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Product => "prod",
            Self::Maximum => "max",
            Self::Minimum => "min",
            Self::LogSumExp => "logsumexp",
            Self::ArgMaximum => "argmax",
            Self::ArgMinimum => "argmin",
        }
    }

    /// The reduction of that spelling.
    pub fn spelled(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reduction| reduction.spelling() == text)
    }

    /// Whether it runs over the last axis where none is given, and not over all.
    pub fn takes_last_axis(self) -> bool {
        matches!(self, Self::ArgMaximum | Self::ArgMinimum | Self::LogSumExp)
    }

    /// What it costs to take a term in, in additions.
    pub fn cost_of_term(self) -> u32 {
        match self {
            Self::Sum => Operator::Add.row().cost,
            Self::Product => Operator::Multiply.row().cost,
            Self::Maximum => Operator::Maximum.row().cost,
            Self::Minimum => Operator::Minimum.row().cost,
            // The largest, and then a sum of exponentials of differences from it.
            Self::LogSumExp => {
                let each = [Operator::Maximum, Operator::Subtract, Operator::Exp, Operator::Add];
                each.iter().map(|operator| operator.row().cost).sum()
            }
            // As for the largest, and the position is chosen too.
            Self::ArgMaximum | Self::ArgMinimum => Operator::Maximum.row().cost + 1,
        }
    }

    /// What is left to do when all terms are in, in additions.
    pub fn cost_of_end(self) -> u32 {
        match self {
            Self::Sum | Self::Product | Self::Maximum | Self::Minimum | Self::ArgMaximum | Self::ArgMinimum => 0,
            // The logarithm is added to the largest, which may be infinite and is then the value.
            Self::LogSumExp => {
                let all = [Operator::Log, Operator::Add, Operator::Abs, Operator::Equal];
                all.iter().map(|operator| operator.row().cost).sum::<u32>() + 1
            }
        }
    }

    /// Its value over a sequence, by definition.
    pub fn value(self, values: &[f64]) -> f64 {
        let first = |better: fn(f64, f64) -> bool| {
            let mut best = 0;
            for (position, &value) in values.iter().enumerate() {
                let beaten = value.is_nan() && !values[best].is_nan() || better(value, values[best]);
                if beaten {
                    best = position;
                }
            }
            #[allow(clippy::cast_precision_loss)]
            let position = best as f64;
            position
        };
        match self {
            Self::Sum => values.iter().fold(0.0, |sum, value| sum + value),
            Self::Product => values.iter().product(),
            Self::Maximum => values.iter().copied().fold(f64::NEG_INFINITY, math::Scalar::maximum),
            Self::Minimum => values.iter().copied().fold(f64::INFINITY, math::Scalar::minimum),
            Self::LogSumExp => {
                let largest = values.iter().copied().fold(f64::NEG_INFINITY, math::Scalar::maximum);
                if largest.is_infinite() {
                    return largest;
                }
                largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
            }
            Self::ArgMaximum => first(|value, best| value > best),
            Self::ArgMinimum => first(|value, best| value < best),
        }
    }
}
