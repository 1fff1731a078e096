//! THE TABLE of the functions that the language cannot say of itself; all others are in `std/*.nn`.

use super::arguments::{Given, Signature};
use super::core::Elaborator;
use super::reductions::Reducer;
use super::view::{Value, View};
use super::{Reported, Result};
use crate::ir::{Extent, Index};
use crate::span::Span;
use crate::syntax::tree::Argument;

/// The arguments of a call, brought to the parameters.
pub type Places<'a> = Vec<Option<Given<'a>>>;

/// How a builtin is computed.
#[derive(Clone, Copy)]
pub enum Run {
    /// A reduction: `(x, axis, keepdims)`.
    Reduce(Reducer),
    /// A function of the arguments.
    Places(for<'a> fn(&mut Elaborator<'a>, Places<'a>, Span) -> Result<Value<'a>>),
    /// A function of arguments whose names are the user's.
    Open(for<'a> fn(&mut Elaborator<'a>, Vec<Given<'a>>, &'a [Argument], Span) -> Result<Value<'a>>),
}

/// A builtin function.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, and whether each has a default.
    pub parameters: &'static [(&'static str, bool)],
    /// What it does.
    pub run: Run,
}

const X: (&str, bool) = ("x", false);
const AXIS: (&str, bool) = ("axis", true);

const TABLE: &[Builtin] = &[
    Builtin {
        name: "where",
        parameters: &[("condition", false), ("then", false), ("otherwise", false)],
        run: Run::Places(choose),
    },
    Builtin {
        name: "reshape",
        parameters: &[X, ("shape", false)],
        run: Run::Places(|this, places, span| this.reshape(places, span)),
    },
    Builtin { name: "flatten", parameters: &[X], run: Run::Places(|this, places, span| this.flatten(places, span)) },
    Builtin {
        name: "transpose",
        parameters: &[X, ("axes", false)],
        run: Run::Places(|this, places, span| this.transpose(places, span)),
    },
    Builtin { name: "diagonal", parameters: &[X, AXIS], run: Run::Places(|this, places, span| this.diagonal(places, span)) },
    Builtin {
        name: "rearrange",
        parameters: &[X, ("axes", false)],
        run: Run::Open(|this, first, arguments, span| this.rearrange(first, arguments, span)),
    },
    Builtin {
        name: "slice",
        parameters: &[X, ("axis", false), ("from", false), ("to", false)],
        run: Run::Places(|this, places, span| this.slice(places, span)),
    },
    Builtin {
        name: "concat",
        parameters: &[("tensors", false), AXIS],
        run: Run::Places(|this, places, span| this.concat(places, span)),
    },
    Builtin {
        name: "stack",
        parameters: &[("tensors", false), AXIS],
        run: Run::Places(|this, places, span| this.stack(places, span)),
    },
    Builtin {
        name: "pad",
        parameters: &[X, ("widths", false), ("value", true)],
        run: Run::Places(|this, places, span| this.pad(places, span)),
    },
    Builtin { name: "cumsum", parameters: &[X, AXIS], run: Run::Places(|this, places, span| this.cumsum(places, span)) },
    Builtin {
        name: "one_hot",
        parameters: &[("i", false), ("n", false)],
        run: Run::Places(|this, places, span| this.one_hot(places, span)),
    },
    Builtin {
        name: "take",
        parameters: &[X, ("i", false), AXIS],
        run: Run::Places(|this, places, span| this.take(places, span)),
    },
    Builtin {
        name: "take_along",
        parameters: &[X, ("i", false), AXIS],
        run: Run::Places(|this, places, span| this.take_along(places, span)),
    },
    Builtin { name: "rank", parameters: &[X], run: Run::Places(rank) },
    Builtin { name: "size", parameters: &[X, ("axis", false)], run: Run::Places(size) },
    Builtin { name: "shape", parameters: &[X], run: Run::Places(shape) },
    Builtin { name: "axes", parameters: &[X, ("but", true)], run: Run::Places(axes) },
    Builtin { name: "alike", parameters: &[X, ("y", false)], run: Run::Places(alike) },
    Builtin { name: "along", parameters: &[("part", false), X, ("axis", false)], run: Run::Places(along) },
    Builtin { name: "pair", parameters: &[X], run: Run::Places(pair) },
    Builtin { name: "fraction", parameters: &[X], run: Run::Places(|this, places, span| this.fraction(places, span)) },
    Builtin {
        name: "random_uniform",
        parameters: &[X],
        run: Run::Places(|this, places, span| this.random_uniform(places, span)),
    },
    Builtin {
        name: "random_at",
        parameters: &[("stream", false), ("position", false)],
        run: Run::Places(|this, places, span| this.random_at(places, span)),
    },
    Builtin { name: "grad", parameters: &[("s", false), X], run: Run::Places(|this, places, span| this.grad(places, span)) },
    Builtin {
        name: "jacobian",
        parameters: &[("y", false), X],
        run: Run::Places(|this, places, span| this.jacobian(places, span)),
    },
    Builtin {
        name: "hessian",
        parameters: &[("s", false), X],
        run: Run::Places(|this, places, span| this.hessian(places, span)),
    },
    Builtin {
        name: "jvp",
        parameters: &[("y", false), X, ("v", false)],
        run: Run::Places(|this, places, span| this.jvp(places, span)),
    },
    Builtin {
        name: "vjp",
        parameters: &[("y", false), X, ("v", false)],
        run: Run::Places(|this, places, span| this.vjp(places, span)),
    },
];

const REDUCTION: &[(&str, bool)] = &[X, AXIS, ("keepdims", true)];

/// The builtin of that name.
pub fn find(name: &str) -> Option<Builtin> {
    if let Some(reducer) = Reducer::named(name) {
        let name = Reducer::names().into_iter().find(|known| *known == name)?;
        return Some(Builtin { name, parameters: REDUCTION, run: Run::Reduce(reducer) });
    }
    TABLE.iter().find(|builtin| builtin.name == name).copied()
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|builtin| builtin.name).chain(Reducer::names())
}

impl Builtin {
    /// What it takes.
    pub fn signature(&self) -> Signature<'static> {
        Signature { name: self.name, parameters: self.parameters.to_vec() }
    }
}

impl<'a> Elaborator<'a> {
    /// Calls a builtin.
    pub fn call_builtin(
        &mut self,
        builtin: Builtin,
        first: Vec<Given<'a>>,
        arguments: &'a [Argument],
        span: Span,
    ) -> Result<Value<'a>> {
        match builtin.run {
            Run::Open(run) => run(self, first, arguments, span),
            Run::Places(run) => {
                let places = self.arrange(&builtin.signature(), first, arguments, span)?;
                run(self, places, span)
            }
            Run::Reduce(reducer) => {
                let places = self.arrange(&builtin.signature(), first, arguments, span)?;
                self.reduce_call(reducer, places, span)
            }
        }
    }

    fn reduce_call(&mut self, reducer: Reducer, places: Places<'a>, span: Span) -> Result<Value<'a>> {
        let [x, axis, keep] = take_places(places)?;
        let x_span = x.as_ref().map_or(span, Given::span);
        let value = self.needed(x)?;
        if let Value::Many(views) = &value
            && reducer == Reducer::Plain(crate::ops::Reduction::Sum)
            && axis.is_none()
        {
            return self.sum_of_many(views, span);
        }
        let view = self.view(value, x_span)?;
        let axes = match axis {
            Some(axis) => self.given_axes(axis, view.rank())?,
            None if reducer.takes_last_axis() => view.rank().checked_sub(1).into_iter().collect(),
            None => (0..view.rank()).collect(),
        };
        let keep = keep.map_or(Ok(0.0), |keep| self.given_number(keep))? != 0.0;
        self.reduce_axes(reducer, &view, &axes, keep, span).map(Value::View)
    }

    /// The value of an argument that has no default.
    pub fn needed(&mut self, given: Option<Given<'a>>) -> Result<Value<'a>> {
        self.given(given.ok_or(Reported)?)
    }

    /// The tensor of an argument that has no default.
    pub fn needed_view(&mut self, given: Option<Given<'a>>) -> Result<View> {
        self.given_view(given.ok_or(Reported)?)
    }

    /// The axis of an argument, or its default.
    pub fn axis_or(&mut self, given: Option<Given<'a>>, rank: usize, default: usize) -> Result<usize> {
        given.map_or(Ok(default), |given| self.given_axis(given, rank))
    }
}

/// Exactly as many places as a builtin has parameters.
pub fn take_places<const N: usize>(places: Places) -> Result<[Option<Given>; N]> {
    places.try_into().map_err(|_| Reported)
}

fn choose<'a>(this: &mut Elaborator<'a>, places: Places<'a>, span: Span) -> Result<Value<'a>> {
    let views: Vec<Result<View>> = places.into_iter().map(|place| this.needed_view(place)).collect();
    let views: Vec<View> = views.into_iter().collect::<Result<_>>()?;
    let [condition, then, otherwise]: [View; 3] = views.try_into().map_err(|_| Reported)?;
    this.choose(condition, then, otherwise, span).map(Value::View)
}

fn rank<'a>(this: &mut Elaborator<'a>, places: Places<'a>, _: Span) -> Result<Value<'a>> {
    let [x] = take_places(places)?;
    let view = this.needed_view(x)?;
    let rank = u32::try_from(view.rank()).unwrap_or(u32::MAX);
    Ok(this.number(f64::from(rank)))
}

fn size<'a>(this: &mut Elaborator<'a>, places: Places<'a>, _: Span) -> Result<Value<'a>> {
    let [x, axis] = take_places(places)?;
    let view = this.needed_view(x)?;
    let axis = this.given_axis(axis.ok_or(Reported)?, view.rank())?;
    let extent: Extent = this.extent(view.axes[axis]).clone();
    let body = this.formulas.position(Index::constant(extent));
    Ok(Value::View(View::scalar(body)))
}

/// The sizes of a tensor as a list.
fn shape<'a>(this: &mut Elaborator<'a>, places: Places<'a>, _: Span) -> Result<Value<'a>> {
    let [x] = take_places(places)?;
    let view = this.needed_view(x)?;
    let sizes = this.shape(&view).into_iter().map(|extent| {
        let body = this.formulas.position(Index::constant(extent));
        Value::View(View::scalar(body))
    });
    Ok(Value::List(sizes.collect()))
}

/// The numbers of a tensor's axes as a list, all or all but one.
fn axes<'a>(this: &mut Elaborator<'a>, places: Places<'a>, _: Span) -> Result<Value<'a>> {
    let [x, but] = take_places(places)?;
    let view = this.needed_view(x)?;
    let but = but.map(|but| this.given_axis(but, view.rank())).transpose()?;
    let axes = (0u32..).take(view.rank()).filter(|axis| but != usize::try_from(*axis).ok());
    let axes: Vec<u32> = axes.collect();
    Ok(Value::List(axes.into_iter().map(|axis| this.number(f64::from(axis))).collect()))
}

/// A tensor that has the shape of another, where none of them is a number: broadcasting would compare each with all others.
fn alike<'a>(this: &mut Elaborator<'a>, places: Places<'a>, span: Span) -> Result<Value<'a>> {
    let [x, y] = take_places(places)?;
    let names = [&x, &y].map(|given| given.as_ref().map_or(String::new(), Given::text));
    let (view, other) = (this.needed_view(x)?, this.needed_view(y)?);
    if view.rank() > 0 && other.rank() > 0 && this.shape(&view) != this.shape(&other) {
        let (found, wanted) = (this.shape_text(&view), this.shape_text(&other));
        let [x, y] = names;
        let message = format!("{x} must have the shape of {y}, which is {wanted}; it is {found}");
        return Err(
            this.error_with(span, message, |diagnostic| diagnostic.help("take a part, `y[.., 0]`, or `reshape` one of them"))
        );
    }
    Ok(Value::View(view))
}

/// A tensor along as many axes of another, from one on, 1 long in all others.
fn along<'a>(this: &mut Elaborator<'a>, places: Places<'a>, span: Span) -> Result<Value<'a>> {
    let [part, x, axis] = take_places(places)?;
    let part = this.needed_view(part)?;
    let view = this.needed_view(x)?;
    let first = this.given_axis(axis.ok_or(Reported)?, view.rank())?;
    if part.rank() == 0 || first + part.rank() > view.rank() {
        return Err(this.error(span, "what lies along axes has one or more, and no more than there are from the first on"));
    }
    let axes = (0..view.rank()).map(|other| {
        let own = other.checked_sub(first).and_then(|place| part.axes.get(place).copied());
        own.unwrap_or_else(|| this.label(Extent::one()))
    });
    Ok(Value::View(View { axes: axes.collect(), body: part.body }))
}

/// A number twice, or a list of two as it is.
fn pair<'a>(this: &mut Elaborator<'a>, places: Places<'a>, span: Span) -> Result<Value<'a>> {
    let [x] = take_places(places)?;
    match this.needed(x)? {
        Value::List(list) if list.len() == 2 => Ok(Value::List(list)),
        number @ Value::View(_) => Ok(Value::List(vec![number.clone(), number])),
        Value::List(_) | Value::Many(_) | Value::Instance(_) | Value::Callable | Value::Circular(_) => {
            Err(this.error(span, "expected a number or a list of two numbers"))
        }
    }
}
