//! A router that notes which paths it has: axum's own does not tell.

use std::sync::Arc;

use axum::Router;
use axum::routing::MethodRouter;

use crate::App;

/// Routes, and their templates.
pub(crate) struct Noted {
    router: Router<Arc<App>>,
    paths: Vec<String>,
}

impl Noted {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), paths: Vec::new() }
    }

    pub(crate) fn route(mut self, path: &str, methods: MethodRouter<Arc<App>>) -> Self {
        self.paths.push(path.to_owned());
        self.router = self.router.route(path, methods);
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        self.router = self.router.merge(other.router);
        self
    }

    /// Puts a layer around what there is so far.
    pub(crate) fn within(mut self, layer: impl FnOnce(Router<Arc<App>>) -> Router<Arc<App>>) -> Self {
        self.router = layer(self.router);
        self
    }

    pub(crate) fn into_parts(self) -> (Router<Arc<App>>, Vec<String>) {
        (self.router, self.paths)
    }
}
