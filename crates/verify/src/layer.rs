//! The tower layer: in front of a service, it lets only good tokens through.
//!
//! 1. The `Authorization` header is read, and nothing else.
//! 2. The token is judged; see [`crate::Verifier::authenticate`].
//! 3. It must have every scope and role that the layer requires.
//! 4. The [`AccessToken`] goes into the request's extensions, and the request goes on.
//!
//! Whatever does not pass is answered here, in the form of [`Refused::response`]. A browser's preflight request has no
//! token: a CORS layer belongs around this one.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::{AccessToken, Refused, Verifier};

/// Lets only good tokens through; from [`Verifier::layer`].
#[derive(Clone)]
pub struct AuthLayer {
    verifier: Verifier,
    scope: Option<Arc<str>>,
    roles: Vec<Arc<str>>,
}

impl AuthLayer {
    pub(crate) fn new(verifier: Verifier) -> Self {
        Self { verifier, scope: None, roles: Vec::new() }
    }

    /// Requires a scope, or several separated by spaces; all those of several calls together. A user's token has the
    /// permissions that come with their roles, a service's what it asked for.
    #[must_use]
    pub fn require_scope(self, scope: &str) -> Self {
        let scope = match &self.scope {
            Some(others) => format!("{others} {scope}").into(),
            None => scope.into(),
        };
        Self { scope: Some(scope), ..self }
    }

    /// Requires a role; every one of several calls. A permission says better what a route needs: which roles have it is then
    /// for the operator to say.
    #[must_use]
    pub fn require_role(mut self, role: &str) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Whether that token may do what this layer guards.
    fn permits(&self, token: &AccessToken) -> Result<(), Refused> {
        if let Some(scope) = &self.scope
            && !scope.split(' ').filter(|one| !one.is_empty()).all(|one| token.scopes().any(|has| has == one))
        {
            return Err(Refused::InsufficientScope { scope: Arc::clone(scope) });
        }
        self.roles.iter().try_for_each(|role| token.require_role(role))
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { layer: Arc::new(self.clone()), inner }
    }
}

/// A service behind an [`AuthLayer`].
#[derive(Clone)]
pub struct AuthService<S> {
    layer: Arc<AuthLayer>,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let layer = Arc::clone(&self.layer);
        // The one that is ready is the one to call; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let permitted = match layer.verifier.authenticate_headers(request.headers()).await {
                Ok(token) => {
                    layer.permits(&token).map(|()| token).map_err(|refused| layer.verifier.refuse(refused))
                }
                Err(refused) => Err(refused),
            };
            match permitted {
                Ok(token) => {
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(refused) => Ok(refused.response()),
            }
        })
    }
}
