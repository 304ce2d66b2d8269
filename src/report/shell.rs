//! What every page has around its contents: colours, style, script, and the promise that nothing is fetched.

use crate::chart::Drawn;
use crate::chart::markup::Markup;
use crate::chart::palette::Theme;
use crate::chart::svg::{self, Target};

/// A whole page: its title, what stands below it, and its contents.
#[must_use]
pub fn page(title: &str, about: &str, contents: &Markup) -> Markup {
    let mut out = Markup::new();
    head(&mut out, title);
    out.raw("<body>\n<header><div><h1>").text(title).raw("</h1><p class=\"meta\">").text(about);
    out.raw("</p></div><button id=\"theme\" type=\"button\" hidden>Dark colours</button></header>\n<main>\n");
    out.add(contents);
    out.raw("</main>\n<footer>Written by fleetsim ").raw(env!("CARGO_PKG_VERSION"));
    out.raw(". This file asks nothing of the network.</footer>\n");
    out.raw("<div id=\"tip\" role=\"status\" hidden></div>\n<script>\n");
    out.raw(include_str!("script.js")).raw("</script>\n</body>\n</html>\n");
    out
}

fn head(out: &mut Markup, title: &str) {
    out.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Nothing can be fetched, whatever a name in a trace might try.
    out.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    out.raw("style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n");
    out.raw("<link rel=\"icon\" href=\"data:,\">\n<title>").text(title).raw(": fleetsim</title>\n<style>\n");
    let (light, dark) = (Theme::Light.css(), Theme::Dark.css());
    out.raw(":root{color-scheme:light dark;").text(&light).raw("}\n@media(prefers-color-scheme:dark){:root{");
    out.text(&dark).raw("}}\n:root[data-theme=light]{color-scheme:light;").text(&light);
    out.raw("}\n:root[data-theme=dark]{color-scheme:dark;").text(&dark).raw("}\n");
    // Paper is white, whatever the reader's screen is.
    out.raw("@media print{:root,:root[data-theme]{color-scheme:light;").text(&light).raw("}}\n");
    out.raw(include_str!("style.css")).raw("</style>\n</head>\n");
}

/// The charts, each a figure to which the script adds its buttons.
pub fn charts(out: &mut Markup, drawn: &[Drawn]) {
    out.raw(
        "<h2>Charts</h2>\n<p class=\"note\">Point at a chart, or walk through it with the arrow keys, to read its ",
    );
    out.raw("values. + and - zoom, 0 shows all of it; the names below switch parts off and on.</p>\n<div class=\"charts\">\n");
    for (_, scene) in drawn {
        out.raw("<figure>").add(&svg::svg(scene, Target::Page)).raw("</figure>\n");
    }
    out.raw("</div>\n");
}

/// Tables that sort.
pub fn tables<'t>(out: &mut Markup, tables: impl IntoIterator<Item = &'t Markup>) {
    out.raw("<h2>Tables</h2>\n<p class=\"note\">Press a heading to sort by it.</p>\n");
    for table in tables {
        out.raw("<section>").add(table).raw("</section><br>\n");
    }
}
