//! The syntax tree: what was written, with its places, and nothing of what it means.
//!
//! A name that is written with dots (`hidden.w`) or with a leading `d` (`d hidden.w`, the adjoint of `hidden.w` as the
//! compiler prints it) is one [`Name`]. `PartialEq` compares spans too; use [`crate::syntax::same`] to compare meaning.

use crate::span::Span;

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Its items, in the order of the source.
    pub items: Vec<Item>,
    /// The names of items that could not be read, so that those who use them do not report it again.
    pub broken: Vec<String>,
}

/// A name and where it stands; dots of a path are kept in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// As written, without white space around dots.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// What stands at the top of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `import "blocks.nn";`
    Import(Import),
    /// `const N = 64;`
    Constant(Constant),
    /// `fn gelu(x) = ...;`
    Function(Function),
    /// `layer Dense(n)(x: [.., k]) { ... }`
    Layer(Layer),
    /// `network Net { ... }`
    Network(Network),
}

/// `import "blocks.nn";`
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The documentation before it, a line each, without `///` (the space after it is kept).
    pub documentation: Vec<String>,
    /// The path as written.
    pub path: String,
    /// Where the path stands.
    pub span: Span,
}

/// `const N = 64;`
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// The documentation before it.
    pub documentation: Vec<String>,
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expression,
}

/// `fn gelu(x) = 0.5 * x * (1 + erf(x * sqrt(0.5)));` or `fn f(x) { ...; e }`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The documentation before it.
    pub documentation: Vec<String>,
    /// Its name.
    pub name: Name,
    /// Its parameters, some with defaults.
    pub parameters: Vec<Parameter>,
    /// Its body; a body `= e;` is a block without statements whose `braces` is false.
    pub body: Block,
}

/// `layer Dense(n, bias = true)(x: [.., k]) { ... e }`
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The documentation before it.
    pub documentation: Vec<String>,
    /// Its name.
    pub name: Name,
    /// What configures it (empty where the first parentheses are empty).
    pub configuration: Vec<Parameter>,
    /// Its data.
    pub inputs: Vec<LayerInput>,
    /// Statements and the value.
    pub body: Block,
}

/// A parameter of a function, a layer or a network, with its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its value where none is given.
    pub default: Option<Expression>,
}

/// A layer's data: `x: [.., k]`, or `x` of any shape.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerInput {
    /// Its name.
    pub name: Name,
    /// Its shape, which binds the names in it.
    pub shape: Option<Shape>,
}

/// `network Name(hidden = 512): f32 { ... }`
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The documentation before it.
    pub documentation: Vec<String>,
    /// Its name.
    pub name: Name,
    /// Its hyperparameters.
    pub hyperparameters: Vec<Parameter>,
    /// `f32` or `f64` as written (elaboration checks the word).
    pub precision: Option<Name>,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// From `network` to the closing brace.
    pub span: Span,
}

/// `{ statements; value }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The statements before the value.
    pub statements: Vec<Statement>,
    /// The value; a block may lack one (elaboration says where it must not).
    pub value: Option<Box<Expression>>,
    /// Whether it was written with braces.
    pub braces: bool,
    /// All of it.
    pub span: Span,
}

/// A statement with its documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The documentation before it.
    pub documentation: Vec<String>,
    /// What it says.
    pub kind: StatementKind,
    /// All of it, the semicolon included.
    pub span: Span,
}

/// What a definition is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `h = ...;`
    Plain,
    /// `output p = ...;`
    Output,
    /// `metric accuracy = ...;`
    Metric,
    /// `loss = ...;`
    Loss,
    /// `update mean = ...;`
    Update,
}

/// The kinds of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `input x: [B, 784];`
    Input(Data),
    /// `target t: [B] in 0..10;`
    Target(Data),
    /// `param w: [k, n] = he_uniform;`
    Param(Stored),
    /// `state mean: [k] = zeros;`
    State(Stored),
    /// `h = relu(x @ w);`, with a role; the name of a loss is `loss`.
    Define {
        /// Plain, output, metric, loss or update.
        role: Role,
        /// The name (for a loss: `loss`, where it stands).
        name: Name,
        /// The right side.
        value: Expression,
    },
    /// `y[i, j] = ...;`
    DefineIndexed {
        /// Plain, output, metric, loss or update.
        role: Role,
        /// The name.
        name: Name,
        /// What stands in the brackets on the left.
        indices: Vec<LeftIndex>,
        /// The right side.
        value: Expression,
    },
}

/// An input or a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Its name.
    pub name: Name,
    /// Its shape.
    pub shape: Shape,
    /// `in 0..65` of an integer input: both ends.
    pub range: Option<(Expression, Expression)>,
}

/// A parameter or a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its name (a path where the compiler printed it).
    pub name: Name,
    /// Its shape.
    pub shape: Shape,
    /// The initializer: a name or a call; `None` where none is written.
    pub initializer: Option<Expression>,
}

/// `[B, 784]` or `[.., k]`
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Its axes.
    pub axes: Vec<Axis>,
    /// With the brackets.
    pub span: Span,
}

/// One entry of a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Axis {
    /// `..`: any number of axes.
    Rest(Span),
    /// A size.
    Size(Expression),
}

/// An index on the left side of a definition in index notation.
#[derive(Clone, Debug, PartialEq)]
pub enum LeftIndex {
    /// `i` or `i in 0..4`
    Label(ReducedLabel),
    /// `(h, d)`
    Group(Vec<ReducedLabel>, Span),
    /// A step where a recurrence starts: `-1`, `T`.
    Start(Expression),
}

/// A label with its range: in a reduction, or on the left.
#[derive(Clone, Debug, PartialEq)]
pub struct ReducedLabel {
    /// The label.
    pub name: Name,
    /// `in a..b`: both ends.
    pub range: Option<(Expression, Expression)>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// All of it.
    pub span: Span,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `-x`
    Negate,
    /// `!x`
    Not,
}

/// Binary operators, tightest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `a || b`
    Or,
    /// `a && b`
    And,
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a < b`
    Less,
    /// `a <= b`
    LessEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterEqual,
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a @ b`
    MatrixMultiply,
    /// `a ^ b`
    Power,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// A number; `integer` where it was written without point and exponent.
    Number {
        /// Its value.
        value: f64,
        /// Written as an integer.
        integer: bool,
    },
    /// `true` or `false`
    Boolean(bool),
    /// A name: `x`, `d hidden.w`. A field is an [`ExpressionKind::Field`].
    Name(String),
    /// `-x`, `!x`
    Unary(Unary, Box<Expression>),
    /// `a + b`
    Binary(Binary, Box<Expression>, Box<Expression>),
    /// `a |> f(b)`
    Pipe(Box<Expression>, Box<Expression>),
    /// `f(a, axis = 1)`; the callee is a name or another call (`Dense(4)(x)`).
    Call(Box<Expression>, Vec<Argument>),
    /// `x[i, 2*j + u]`, `x[0..3, .., 1]`
    Index(Box<Expression>, Vec<IndexItem>),
    /// `sum[k in 0..4, l](e)`: a name, brackets of labels, parentheses.
    Reduce {
        /// `sum`, `max`, ... (elaboration checks the word).
        reduction: Name,
        /// What it runs over.
        labels: Vec<ReducedLabel>,
        /// What is reduced.
        body: Box<Expression>,
    },
    /// `x.T`
    Transpose(Box<Expression>),
    /// `hidden.w`
    Field(Box<Expression>, Name),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `(h, d)`: at least two entries, or one with a comma after it.
    Group(Vec<Expression>),
    /// `[b, t, (h, d)] -> [b, h, t, d]` as an argument of rearrange.
    Arrow(Vec<Expression>, Vec<Expression>),
    /// `if training { a } else { b }`; `else if` is a block that holds only an `if`.
    If {
        /// The condition.
        condition: Box<Expression>,
        /// Taken where it holds.
        then: Block,
        /// Taken where not.
        otherwise: Block,
    },
    /// What recovery put where an expression could not be read; an error was reported for it.
    Missing,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `axis` in `axis = 1`.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expression,
}

/// What stands in the brackets of an index or a slice.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexItem {
    /// An index: `i`, `2*i + u`, `-1`, `(h, d)`, `tok[b, t]`.
    At(Expression),
    /// `a..b`, `a..`, `..b`
    Range(Option<Expression>, Option<Expression>, Span),
    /// `..`: all the axes that are left
    Rest(Span),
    /// `_`: one whole axis
    Whole(Span),
}
