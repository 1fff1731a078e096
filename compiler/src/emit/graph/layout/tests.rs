//! What a layout promises: no boxes over each other, links from left to right, no crossing where there need be none.

use super::{Area, Layout, Link, Path, layout, rows};

fn area(width: f64, height: f64) -> Area {
    Area { width, above: height / 2.0, below: height / 2.0 }
}

fn link(from: usize, to: usize) -> Link {
    Link { from, to, label: None, back: false }
}

/// Boxes of different sizes.
fn boxes(count: usize) -> Vec<Area> {
    let size = |number: usize, times: usize, most: usize| f64::from(u32::try_from(number * times % most).expect("small"));
    (0..count).map(|number| area(60.0 + size(number, 37, 101), 30.0 + size(number, 53, 71))).collect()
}

/// Places boxes, and looks whether all is as it must be.
fn placed(boxes: &[Area], links: &[Link]) -> Layout {
    let placed = layout(boxes, links).expect("it is small");
    assert_eq!(placed, layout(boxes, links).expect("it is small"), "the same twice");
    let edges = |id: usize| {
        let (at, area) = (placed.boxes[id], boxes[id]);
        (at.x, at.x + area.width, at.y - area.above, at.y + area.below)
    };
    for one in 0..boxes.len() {
        let (left, right, top, bottom) = edges(one);
        assert!(left >= 0.0 && top >= -1e-9 && right <= placed.width + 1e-9 && bottom <= placed.height + 1e-9, "{one} is inside");
        for other in 0..one {
            let (begin, end, above, below) = edges(other);
            assert!(end <= left || right <= begin || below <= top || bottom <= above, "{one} and {other} lie over each other");
        }
    }
    for (link, route) in links.iter().zip(&placed.routes) {
        let (from, to) = (edges(link.from), edges(link.to));
        assert!(
            (route.forth.start.x - from.1).abs() < 1e-5 && (route.forth.end().x - to.0).abs() < 1e-5,
            "{link:?} meets its boxes"
        );
        let inside = |y: f64, (_, _, top, bottom): (f64, f64, f64, f64)| top <= y && y <= bottom;
        assert!(inside(route.forth.start.y, from) && inside(route.forth.end().y, to), "{link:?} meets its boxes");
        assert!(
            (route.back.start.x - route.forth.end().x).abs() < 1e-9 && (route.back.end().x - route.forth.start.x).abs() < 1e-9
        );
        let mut last = route.forth.start.x;
        for curve in route.forth.curves.iter().filter(|_| !link.back) {
            assert!(
                last <= curve.first.x && curve.second.x <= curve.end.x && last <= curve.end.x,
                "{link:?} goes to the right: {:?}",
                route.forth
            );
            last = curve.end.x;
        }
        if let (Some(label), Some(at)) = (link.label, route.label) {
            for id in 0..boxes.len() {
                let (left, right, top, bottom) = edges(id);
                let apart = at.x >= right || at.x + label.width <= left || at.y >= bottom || at.y + label.below <= top;
                assert!(apart, "the label of {link:?} lies over {id}");
            }
        }
    }
    placed
}

#[test]
fn nothing_and_one() {
    assert_eq!(placed(&[], &[]).boxes, []);
    assert_eq!(placed(&boxes(1), &[]).boxes.len(), 1);
    placed(&boxes(3), &[]);
}

#[test]
fn trees_do_not_cross() {
    // A tree whose leaves come in an order that has nothing to do with it.
    let tree: Vec<Link> = (1..40).map(|child| link(child, (child - 1) / 3)).collect();
    assert_eq!(placed(&boxes(40), &tree).crossings, 0);
    let out: Vec<Link> = (1..40).rev().map(|child| link((child - 1) / 2, child)).collect();
    assert_eq!(placed(&boxes(40), &out).crossings, 0);
}

#[test]
fn planar_graphs_do_not_cross() {
    // A chain of layers with a weight and a bias each, and a short cut over every second layer.
    let mut links = Vec::new();
    for layer in 0..8 {
        let id = 3 * layer;
        links.extend([link(id, id + 3), link(id + 1, id + 3), link(id + 2, id + 3)]);
        if layer % 2 == 0 {
            links.push(link(id, id + 6));
        }
    }
    assert_eq!(placed(&boxes(25), &links).crossings, 0);
    // Two states, what becomes of them, and a statistic of a batch that both read.
    let (x, mean, variance, y, old, new, loss) = (0, 1, 2, 3, 4, 5, 6);
    let (others, becomes, gamma, beta) = (7, 8, 9, 10);
    let pairs = [(x, mean), (x, variance), (x, y), (mean, variance), (mean, y), (variance, y), (old, new), (mean, new)];
    let more = [(others, becomes), (variance, becomes), (gamma, y), (beta, y), (y, loss)];
    let links: Vec<Link> = pairs.into_iter().chain(more).map(|(from, to)| link(from, to)).collect();
    assert_eq!(placed(&boxes(11), &links).crossings, 0);
    // A grid of diamonds.
    let diamonds: Vec<Link> = (0..6)
        .flat_map(|at| {
            [link(3 * at, 3 * at + 1), link(3 * at, 3 * at + 2), link(3 * at + 1, 3 * at + 3), link(3 * at + 2, 3 * at + 3)]
        })
        .collect();
    assert_eq!(placed(&boxes(19), &diamonds).crossings, 0);
}

#[test]
fn what_must_cross_crosses_as_little_as_it_can() {
    // Three that are all linked with three others.
    let links: Vec<Link> = (0..3).flat_map(|from| (3..6).map(move |to| link(from, to))).collect();
    assert_eq!(placed(&boxes(6), &links).crossings, 9);
    let two: Vec<Link> = (0..2).flat_map(|from| (2..4).map(move |to| link(from, to))).collect();
    assert_eq!(placed(&boxes(4), &two).crossings, 1);
}

#[test]
fn long_links_go_straight_between_their_ends() {
    let mut links: Vec<Link> = (0..9).map(|at| link(at, at + 1)).collect();
    links.push(link(0, 9));
    let placed = placed(&boxes(10), &links);
    let long = &placed.routes[9].forth;
    let heights: Vec<f64> = long
        .curves
        .iter()
        .filter(|curve| curve.first.y == curve.end.y && curve.end.x - curve.first.x > 100.0)
        .map(|curve| curve.end.y)
        .collect();
    assert!(heights.windows(2).all(|pair| pair[0] == pair[1]), "{heights:?}");
    assert_eq!(placed.crossings, 0);
}

#[test]
fn labels_have_room() {
    let label = Some(Area { width: 90.0, above: 2.0, below: 40.0 });
    let mut links: Vec<Link> = (0..5).map(|from| Link { label, ..link(from, 5 + from % 2) }).collect();
    links.extend([Link { label, ..link(5, 7) }, Link { label, ..link(6, 7) }, Link { label, ..link(0, 7) }]);
    let placed = placed(&boxes(8), &links);
    for (one, first) in placed.routes.iter().enumerate() {
        for second in &placed.routes[..one] {
            let (Some(a), Some(b)) = (first.label, second.label) else { panic!("every link has a label") };
            assert!((a.x - b.x).abs() >= 90.0 || (a.y - b.y).abs() >= 42.0, "labels lie over each other");
        }
    }
}

#[test]
fn what_leads_back_goes_around_below() {
    let label = Some(Area { width: 90.0, above: 2.0, below: 40.0 });
    let mut links: Vec<Link> = (0..4).map(|at| link(at, at + 1)).collect();
    let back = |from: usize, to: usize| Link { label, back: true, ..link(from, to) };
    links.extend([back(3, 1), back(2, 2), back(4, 0)]);
    let placed = placed(&boxes(5), &links);
    for (link, route) in links.iter().zip(&placed.routes).filter(|(link, _)| link.back) {
        let lowest = route.forth.curves.iter().map(|curve| curve.end.y).fold(0.0, f64::max);
        for id in link.to..=link.from {
            assert!(placed.boxes[id].y + boxes(5)[id].below < lowest, "{link:?} passes below {id}");
        }
    }
    // A circle that nothing marks is drawn too.
    let circle = layout(&boxes(3), &[link(0, 1), link(1, 2), link(2, 0), link(1, 1)]).expect("it is small");
    assert!(circle.routes.iter().all(|route| !route.forth.curves.is_empty()));
}

#[test]
fn any_graph_has_a_layout() {
    // Links by a linear congruential generator.
    let mut state = 7u64;
    let mut next = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("small") % most
    };
    for count in [2, 5, 12, 30, 60] {
        let label = Some(Area { width: 70.0, above: 2.0, below: 25.0 });
        let links: Vec<Link> = (0..count * 3 / 2)
            .map(|_| {
                let (one, other) = (next(count), next(count));
                Link {
                    label: label.filter(|_| next(2) == 0),
                    back: next(9) == 0 || one == other,
                    ..link(one.min(other), one.max(other))
                }
            })
            .collect();
        placed(&boxes(count), &links);
    }
}

#[test]
fn too_much_is_refused() {
    // A chain of which every member is linked with all others.
    let links: Vec<Link> = (0..150).flat_map(|from| (from + 1..150).map(move |to| link(from, to))).collect();
    let refused = layout(&boxes(150), &links).expect_err("it is too large");
    assert!(refused.to_string().contains("at most 50000 are drawn"), "{refused}");
    // A long chain is none of that.
    let chain: Vec<Link> = (0..999).map(|from| link(from, from + 1)).collect();
    placed(&boxes(1000), &chain);
}

/// A chain of boxes with labels and short cuts, and one link from the first to the last.
fn long_chain(count: usize) -> (Vec<Area>, Vec<Link>) {
    let boxes = vec![area(150.0, 60.0); count];
    let label = |number: usize| number.is_multiple_of(3).then_some(Area { width: 90.0, above: 2.0, below: 40.0 });
    let mut links: Vec<Link> = (1..count).map(|number| Link { label: label(number), ..link(number - 1, number) }).collect();
    links.extend((0..count - 3).step_by(5).map(|number| link(number, number + 3)));
    links.push(link(0, count - 1));
    (boxes, links)
}

#[test]
fn what_is_wide_stands_in_rows() {
    let (boxes, links) = long_chain(60);
    let wide = layout(&boxes, &links).expect("it is small");
    let placed = rows(&wide, &boxes, &links);
    assert!(wide.width > 3.0 * placed.width && placed.width < 3500.0, "{} becomes {}", wide.width, placed.width);
    let sides = |id: usize| (placed.boxes[id].x, placed.boxes[id].x + boxes[id].width, placed.boxes[id].y);
    for one in 0..boxes.len() {
        let (left, right, line) = sides(one);
        assert!(left >= 0.0 && right <= placed.width && line >= 30.0 && line <= placed.height - 30.0, "{one} is inside");
        for other in 0..one {
            let (begin, end, at) = sides(other);
            assert!(end <= left || right <= begin || (at - line).abs() >= 60.0, "{one} and {other} lie over each other");
        }
    }
    let cut = placed.links.iter().filter(|pieces| pieces.forth.len() > 1).count();
    assert!(cut > 4 && placed.links.last().is_some_and(|pieces| pieces.forth.len() > 3), "{cut} links are cut");
    for (link, pieces) in links.iter().zip(&placed.links) {
        let (first, last) = (&pieces.forth[0], &pieces.forth[pieces.forth.len() - 1]);
        assert!((first.start.x - sides(link.from).1).abs() < 1e-5 && (last.end().x - sides(link.to).0).abs() < 1e-5, "{link:?}");
        assert_eq!(pieces.back.len(), pieces.forth.len());
        let is_level = |path: &Path| path.curves.iter().all(|curve| curve.end.x >= path.start.x);
        assert!(pieces.forth.iter().all(is_level), "{link:?} goes to the right in each row");
        for pair in pieces.forth.windows(2) {
            let (end, start) = (pair[0].end(), pair[1].start);
            assert!(start.x < 200.0 && end.x > start.x && start.y > end.y, "{link:?} goes on in the next row");
        }
    }
}

#[test]
fn what_leads_back_is_cut_too() {
    let (boxes, mut links) = long_chain(40);
    let label = Some(Area { width: 90.0, above: 2.0, below: 40.0 });
    links.extend([Link { label, back: true, ..link(34, 6) }, Link { label, back: true, ..link(21, 20) }]);
    let wide = layout(&boxes, &links).expect("it is small");
    let placed = rows(&wide, &boxes, &links);
    assert!(wide.width > 2.0 * placed.width && placed.width < 3500.0, "{} becomes {}", wide.width, placed.width);
    let (long, short) = (&placed.links[links.len() - 2], &placed.links[links.len() - 1]);
    assert!(long.forth.len() > 1 && short.forth.len() == 1, "{} pieces and {}", long.forth.len(), short.forth.len());
    for (pieces, link) in [(long, &links[links.len() - 2]), (short, &links[links.len() - 1])] {
        let (first, last) = (&pieces.forth[0], &pieces.forth[pieces.forth.len() - 1]);
        let right = placed.boxes[link.from].x + boxes[link.from].width;
        assert!((first.start.x - right).abs() < 1e-5 && (last.end().x - placed.boxes[link.to].x).abs() < 1e-5, "{link:?}");
        let back: Vec<f64> = pieces.back.iter().flat_map(|path| [path.start.x, path.end().x]).collect();
        let forth: Vec<f64> = pieces.forth.iter().rev().flat_map(|path| [path.end().x, path.start.x]).collect();
        assert!(back.len() == forth.len() && back.iter().zip(&forth).all(|(one, other)| (one - other).abs() < 1e-5), "{link:?}");
    }
    for pair in long.forth.windows(2) {
        let (end, start) = (pair[0].end(), pair[1].start);
        assert!(end.x < 200.0 && start.x > end.x && start.y < end.y, "it goes on in the row before");
    }
}

#[test]
fn what_is_no_wider_than_a_row_stays_as_it_is() {
    let (boxes, links) = long_chain(6);
    let narrow = layout(&boxes, &links).expect("it is small");
    let placed = rows(&narrow, &boxes, &links);
    assert_eq!((placed.width, placed.height, &placed.boxes), (narrow.width, narrow.height, &narrow.boxes));
    let same = |(route, pieces): (&super::Route, &super::Pieces)| {
        pieces.forth == [route.forth.clone()] && pieces.back == [route.back.clone()]
    };
    assert!(narrow.routes.iter().zip(&placed.links).all(same));
}
