//! Judges a page's accessibility with axe-core, which `tests/browser/run` fetches.

use std::path::Path;

use serde_json::Value;

use crate::browser::Browser;

/// The rules: the standard up to its level AA, and good practice.
const JUDGE: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
        result => done(result.violations.filter(one => one.impact === 'serious' || one.impact === 'critical').map(one =>
            one.id + ' (' + one.impact + '): ' + one.help + '; ' + one.nodes.slice(0, 3).map(node =>
                node.target.join(' ') + ' ' + node.html.slice(0, 160)).join(' | '))),
        error => done(['axe failed: ' + error]));";

/// The source of axe-core; none if it was not fetched.
pub(crate) fn source() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    std::fs::read_to_string(root.join("target/axe/axe.min.js")).ok()
}

/// What is seriously wrong for people who cannot see, hear or move like others.
pub(crate) async fn findings(browser: &Browser, axe: &str) -> Vec<String> {
    browser.run(axe).await;
    let found = browser.client.execute_async(JUDGE, Vec::new()).await.unwrap();
    found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
