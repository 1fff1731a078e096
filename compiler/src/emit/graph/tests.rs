//! Texts of drawings, and drawings of hostile texts.

use super::text::{escaped, shortened, shortened_name, width, wrapped};
use super::{Edge, Gradient, Graph, Kind, MOST_NODES, Node, Partial, dot, lines, numbers, svg};

fn node(kind: Kind, name: &str) -> Node {
    Node {
        kind,
        tag: kind.word().to_owned(),
        name: name.to_owned(),
        shape: String::new(),
        formula: None,
        definition: None,
        documentation: String::new(),
        gradient: None,
        value: Vec::new(),
    }
}

fn edge(from: usize, to: usize) -> Edge {
    Edge { from, to, step: None, partials: Vec::new(), share: Vec::new() }
}

#[test]
fn lines_end_outside_of_brackets_and_before_signs() {
    let formula = "sum(a ∘ (b - c), axis = 0) + x @ w / (n + 1)";
    let broken = wrapped(formula, 10.0, 160.0, 4);
    assert_eq!(broken, ["sum(a ∘ (b - c), axis = 0)", "+ x @ w / (n + 1)"]);
    assert!(broken.iter().all(|line| width(line, 10.0) <= 160.0));
    assert_eq!(wrapped("a + b", 10.0, 500.0, 4), ["a + b"]);
    assert_eq!(wrapped("", 10.0, 500.0, 4), [""]);
    let cut = wrapped(&"a + ".repeat(100), 10.0, 100.0, 3);
    assert!(cut.len() == 3 && cut[2].ends_with('…') && cut.iter().all(|line| width(line, 10.0) <= 100.0), "{cut:?}");
    // A word that is too long alone is cut off.
    let long = wrapped(&"w".repeat(1000), 10.0, 100.0, 3);
    assert!(long.len() == 1 && long[0].ends_with('…') && width(&long[0], 10.0) <= 100.0, "{long:?}");
    assert_eq!(shortened("abc", 10.0, 100.0, false), "abc");
}

#[test]
fn names_that_are_too_long_keep_their_ends() {
    let wide = |text: &str| width(text, 10.0);
    assert_eq!(shortened_name("block1.attention.wq", 10.0, wide("block1.attention.wq")), "block1.attention.wq");
    assert_eq!(shortened_name("block1.attention.wq", 10.0, wide("…attention.wq")), "…attention.wq");
    assert_eq!(shortened_name("block1.attention.wq", 10.0, wide("…attention.")), "…wq");
    let cut = shortened_name("abcdefgh", 10.0, wide("abcdef"));
    assert!(cut.starts_with("ab") && cut.ends_with('…') && wide(&cut) <= wide("abcdef"), "{cut}");
}

#[test]
fn numbers_are_short() {
    let expected = [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-12.0, "-12"),
        (0.546_549_26, "0.5465"),
        (0.999_96, "1"),
        (123_456.0, "123456"),
        (1.5e-7, "1.5e-7"),
        (-0.002_640_97, "-0.002641"),
        (6.02e23, "6.02e23"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-∞"),
    ];
    expected.into_iter().for_each(|(value, text)| assert_eq!(numbers::number(value), text));
    assert_eq!(lines(&[], &[2.5]), ["2.5"]);
    assert_eq!(lines(&[3], &[1.0, 2.0, 3.0]), ["[1, 2, 3]"]);
    assert_eq!(lines(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), ["[[1, 2],", " [3, 4]]"]);
    assert_eq!(lines(&[0], &[]), ["[]"]);
    let large: Vec<f64> = (0..40).map(f64::from).collect();
    assert_eq!(lines(&[4, 10], &large), ["4 × 10 numbers", "min 0, mean 19.5, max 39"]);
    assert_eq!(lines(&[14], &[f64::NAN; 14]), ["14 numbers", "14 not finite"]);
}

#[test]
fn no_text_leaves_its_place() {
    assert_eq!(escaped("<a href=\"x\">&'\u{0}\u{1b}"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    let evil = "]]></title><script>alert(\"&\")</script>\\\n\u{0}";
    let mut first = node(Kind::Input, evil);
    (first.formula, first.definition, first.documentation) = (Some(evil.into()), Some(evil.into()), evil.into());
    (first.tag, first.shape, first.value) = (evil.into(), evil.into(), vec![evil.into()]);
    first.gradient = Some(Gradient { name: evil.into(), formula: evil.into(), full: evil.into(), value: vec![evil.into()] });
    let partial = Partial { of: evil.into(), wrt: evil.into(), formula: evil.into(), full: evil.into() };
    let link = Edge { step: Some(evil.into()), partials: vec![partial], share: vec![evil.into()], ..edge(0, 1) };
    let nodes = vec![first, node(Kind::Loss, "loss")];
    let graph = Graph { name: evil.into(), documentation: evil.into(), of: Some(evil.into()), nodes, edges: vec![link] };
    let drawn = svg(&graph).expect("it is small");
    assert!(!drawn.contains("<script") && !drawn.contains('\u{0}'), "{drawn}");
    // Every tag is closed, in order.
    let mut open: Vec<&str> = Vec::new();
    for tag in drawn.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let quoted = dot(&graph).expect("it is small");
    let quotes = quoted.replace("\\\\", "").replace("\\\"", "").matches('"').count();
    assert!(quotes.is_multiple_of(2) && quoted.lines().all(|line| line.ends_with(['{', '}', ';'])), "{quoted}");
}

#[test]
fn too_many_nodes_are_refused() {
    let graph = |count: usize| Graph { nodes: vec![node(Kind::Input, "x"); count], ..Graph::default() };
    let message = format!("{} nodes, and at most {MOST_NODES} are drawn", MOST_NODES + 1);
    assert!(svg(&graph(MOST_NODES + 1)).expect_err("it is too large").to_string().contains(&message));
    assert!(dot(&graph(MOST_NODES + 1)).expect_err("it is too large").to_string().contains(&message));
    assert!(svg(&graph(MOST_NODES)).is_ok() && svg(&graph(0)).is_ok());
}

#[test]
fn what_flows_back_points_back() {
    let partial = Partial { of: "loss".into(), wrt: "x".into(), formula: "1".into(), full: String::new() };
    let link = Edge { partials: vec![partial], ..edge(0, 1) };
    let nodes = vec![node(Kind::Input, "x"), node(Kind::Loss, "loss")];
    let graph = Graph { nodes, edges: vec![link], ..Graph::default() };
    let drawn = svg(&graph).expect("it is small");
    // A head is its tip, then its two other corners: the tip of what flows back is on their left.
    let corners = |class: &str| -> Vec<f64> {
        let (_, path) = drawn.split_once(&format!("<path class=\"{class}\" d=\"M")).expect("a head");
        let corners = path.split('Z').next().unwrap_or_default().split('L');
        corners.filter_map(|corner| corner.split(' ').next()?.parse().ok()).collect()
    };
    let (forth, back) = (corners("head"), corners("flowhead"));
    assert!(forth.len() == 3 && forth[0] > forth[1] && forth[1] == forth[2], "{forth:?}");
    assert!(back.len() == 3 && back[0] < back[1] && back[1] == back[2], "{back:?}");
}

#[test]
fn a_drawing_is_in_one_piece() {
    let graph =
        Graph { nodes: vec![node(Kind::Input, "x"), node(Kind::Loss, "loss")], edges: vec![edge(0, 1)], ..Graph::default() };
    let drawn = svg(&graph).expect("it is small");
    assert!(drawn.contains("<title id=") && drawn.contains("<desc id=") && drawn.contains("prefers-color-scheme:dark"));
    assert!(!["href", "url(", "@import", "<image", "<script"].iter().any(|outside| drawn.contains(outside)), "{drawn}");
    assert_eq!(drawn, svg(&graph).expect("it is small"));
}
