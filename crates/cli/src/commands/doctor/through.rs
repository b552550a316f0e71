//! What a browser meets on its way through `public_url`. Nothing is asked that a browser could not ask; what the server answers
//! tells what arrived:
//!
//! 1. `/healthz`: it answers, by a certificate that is good for a while, and not from another address. On loopback, 421 says which
//!    `Host` arrived, or that https did not.
//! 2. `/.well-known/jwks.json`: it has our signing keys, so it is this server; its metadata: with this configuration.
//! 3. A refresh with a cookie that nobody has made: `token_unknown` where the cookie arrives, `token_missing` where not.
//! 4. The same from a page of nobody: `origin_refused` where `Origin` arrives.
//! 5. A bearer token that nobody has made, likewise.
//! 6. A logout of nobody: the cookies that it expires come back as they were sent.
//! 7. A preflight for each of `app_origins`, and for nobody's.
//! 8. The time that it tells; and whether http leads to https.

use std::collections::BTreeSet;

use jiff::fmt::rfc2822;
use reqwest::Method;
use reqwest::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, DATE, LOCATION};
use rotunda_core::model::UnixMillis;
use rotunda_server::Web;
use serde_json::Value;

use super::ask::{Answer, Asker};
use super::report::Report;
use super::{clocks, tls};
use crate::commands::health::Asked;
use crate::config::Settings;

/// An origin that is nobody's (RFC 2606).
const NOBODYS: &str = "https://rotunda-doctor.invalid";

/// One way through, and where its findings go.
struct Way<'a> {
    settings: &'a Settings,
    web: &'a Web,
    public: Asker,
    report: &'a mut Report,
}

/// Looks at all of it.
pub(super) async fn check(
    settings: &Settings,
    web: &Web,
    kids: Option<&BTreeSet<String>>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut way = Way { settings, web, public: Asker::new(web.origin())?, report };
    let Some(health) = way.answers().await? else { return Ok(()) };
    way.clock(&health);
    if let Some(certificate) = &health.certificate {
        tls::of(("tls", web.origin()), certificate, way.report);
    }
    if !way.identity(kids).await {
        return Ok(());
    }
    way.cookie_arrives().await;
    way.origin_arrives().await;
    way.bearer_arrives().await;
    way.cookies_return().await;
    for origin in way.settings.app_origins.clone() {
        way.preflight(&origin).await;
    }
    way.preflight_of_nobody().await;
    way.http_leads_to_https().await
}

impl Way<'_> {
    /// Whether a server of ours answers.
    async fn answers(&mut self) -> anyhow::Result<Option<Answer>> {
        let place = self.public.origin.clone();
        let at = ("public_url", place.as_str());
        let told = match self.public.get("/healthz", &[]).await {
            Ok(answer) if answer.status == 200 && answer.text("status").is_some() => {
                self.report.good(at.0, at.1, "a server answers");
                return Ok(Some(answer));
            }
            Ok(answer) if answer.status == 421 => {
                self.report.bad(at, answer.told(), "as it says: mend the proxy, or `public_url`");
                return Ok(None);
            }
            Ok(answer) if answer.header(&LOCATION).is_some() => {
                let advice = "set `public_url` to where it leads, or let the proxy pass requests on instead";
                self.report.bad(at, format!("leads elsewhere: {}", answer.told()), advice);
                return Ok(None);
            }
            Ok(answer) => {
                let what = format!(
                    "something answers that is not this server, or a proxy in its place: {}",
                    answer.told()
                );
                self.report.bad(
                    at,
                    what,
                    "let the proxy pass all paths on to this server, and its answers back as they are",
                );
                return Ok(None);
            }
            Err(told) => told,
        };
        self.nobody_answers(&place, &told).await?;
        Ok(None)
    }

    /// Why there is no answer at all: a certificate, http in place of https, nobody who comes through, or no server.
    async fn nobody_answers(&mut self, place: &str, told: &str) -> anyhow::Result<()> {
        let at = ("public_url", place);
        if let Some(advice) = tls::advice(told) {
            self.report.bad(("tls", place), told, advice);
            return Ok(());
        }
        // With TLS and a PROXY header, where it asks for them: as `rotunda health` does.
        let asked = Asked::of(self.settings, "/healthz");
        let here = asked.origin();
        let answered = tokio::task::spawn_blocking(move || asked.told()).await;
        let runs = answered.is_ok_and(|told| told.is_ok_and(|line| line.starts_with("HTTP/1.1 ")));
        if let Some(bare) = self.bare().filter(|_| self.web.is_https())
            && Asker::new(&bare)?.get("/healthz", &[]).await.is_ok()
        {
            let what = format!("speaks http where `public_url` says https: {told}");
            self.report.bad(
                at,
                what,
                "give the proxy a certificate, or set `public_url` to what browsers call",
            );
        } else if runs {
            let advice = "see whether the name leads to this machine, the proxy runs, and its certificate is good and for this name";
            self.report.bad(
                at,
                format!("a server listens at {here}, but nobody comes through: {told}"),
                advice,
            );
        } else {
            let what = format!(
                "no server answers, here or at {here}; start it, and ask again to have the rest looked at"
            );
            self.report.skipped(at.0, at.1, what);
        }
        Ok(())
    }

    /// Whether the clock of whoever answers is ours.
    fn clock(&mut self, answer: &Answer) {
        let told = answer.header(&DATE).and_then(|text| rfc2822::parse(text).ok());
        let Some(theirs) = told.map(|zoned| UnixMillis(zoned.timestamp().as_millisecond())) else { return };
        let apart = clocks::apart(theirs, answer.between);
        let faults: Vec<_> = clocks::of_server(apart, &self.settings.policy).into_iter().collect();
        let place = self.public.origin.clone();
        self.report.faults(
            ("clock", &place),
            faults,
            "the clock of the server that answers is this machine's",
        );
    }

    /// Whether it is a server of this store, with this configuration. Whatever is said of another one helps nobody.
    async fn identity(&mut self, kids: Option<&BTreeSet<String>>) -> bool {
        let place = self.public.origin.clone();
        let at = ("identity", place.as_str());
        let jwks = self.public.get("/.well-known/jwks.json", &[]).await;
        let theirs = jwks.ok().map(|answer| kids_of(&answer.body)).unwrap_or_default();
        match kids {
            Some(ours) if ours.is_disjoint(&theirs) => {
                let what = "another server answers there: it has none of the signing keys of this store";
                self.report.bad(
                    at,
                    what,
                    "see where the proxy leads, and whether `--config` and `--data` are those of the server",
                );
                return false;
            }
            Some(_) => self.report.good(at.0, at.1, "it is a server of this store"),
            None => self.report.skipped(at.0, at.1, "the store does not tell whose server it is"),
        }
        let metadata = self.public.get("/.well-known/oauth-authorization-server", &[]).await;
        let Ok(metadata) = metadata else { return true };
        let issuer = metadata.text("issuer").unwrap_or_default();
        let endpoint = metadata.text("token_endpoint").unwrap_or_default();
        if issuer != self.settings.policy.issuer || !endpoint.starts_with(&place) {
            let what = format!(
                "it runs with another configuration: its issuer is {issuer:?}, its token endpoint {endpoint:?}"
            );
            self.report.bad(at, what, "start it again with this configuration");
        }
        true
    }

    /// An answer of the server itself, by the status and the reason or error that fit; everything else is a finding.
    fn expect(&mut self, at: (&'static str, &str), answer: Result<Answer, String>, words: &Words<'_>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(told) => return self.report.bad(at, told, "see why this one request does not come through"),
        };
        let said = answer.text("reason").or_else(|| answer.text("error"));
        match said {
            Some(said) if said == words.fits => self.report.good(at.0, at.1, words.good),
            Some(said) if said == words.lost => self.report.bad(at, words.bad, words.advice),
            Some("rate_limited" | "temporarily_unavailable") => {
                self.report.skipped(
                    at.0,
                    at.1,
                    format!("the server has no time just now: {}", answer.told()),
                );
            }
            Some(_) => self.report.bad(at, answer.told(), words.advice),
            None => self.report.bad(
                at,
                format!("a proxy answers in place of the server: {}", answer.told()),
                "let it pass refusals on as they are: clients read in them what to do",
            ),
        }
    }

    async fn cookie_arrives(&mut self) {
        let (name, origin) = (self.web.refresh_cookie(), self.web.origin());
        let cookie = format!("{name}=doctor");
        let answer = self.public.post("/auth/refresh", &[("origin", origin), ("cookie", &cookie)]).await;
        let words = Words {
            fits: "token_unknown",
            lost: "token_missing",
            good: "cookies arrive",
            bad: "cookies do not arrive: every user would be signed out",
            advice: "let the proxy pass on `Cookie` and `Origin` as they are",
        };
        self.expect(("cookies", name), answer, &words);
    }

    async fn origin_arrives(&mut self) {
        let answer = self.public.post("/auth/refresh", &[("origin", NOBODYS)]).await;
        let words = Words {
            fits: "origin_refused",
            lost: "token_missing",
            good: "`Origin` arrives: pages of others are refused",
            bad: "`Origin` does not arrive: pages of others cannot be told from yours",
            advice: "let the proxy pass on `Origin` as it is",
        };
        self.expect(("origin", "/auth/refresh"), answer, &words);
    }

    async fn bearer_arrives(&mut self) {
        let answer = self.public.get("/auth/me", &[("authorization", "Bearer rotunda-doctor")]).await;
        let words = Words {
            fits: "token_unknown",
            lost: "token_missing",
            good: "`Authorization` arrives",
            bad: "`Authorization` does not arrive: no access token would be seen",
            advice: "let the proxy pass on `Authorization`, and ask for no password of its own here",
        };
        self.expect(("bearer", "/auth/me"), answer, &words);
    }

    /// Whether what is set comes back as it was set.
    async fn cookies_return(&mut self) {
        let answer = match self.public.post("/auth/logout", &[("origin", self.web.origin())]).await {
            Ok(answer) if answer.status == 204 => answer,
            Ok(answer) => {
                return self.report.bad(
                    ("set_cookie", "/auth/logout"),
                    answer.told(),
                    "let the proxy pass it on as it is",
                );
            }
            Err(told) => {
                return self.report.bad(
                    ("set_cookie", "/auth/logout"),
                    told,
                    "see why it does not come through",
                );
            }
        };
        let path = self.settings.refresh_path.as_deref().unwrap_or("/auth/refresh");
        let expected = [
            (self.web.refresh_cookie(), format!("path={path}"), "samesite=strict"),
            (self.web.page_cookie(), "path=/".to_owned(), "samesite=lax"),
        ];
        for (name, path, same_site) in expected {
            let Some(found) = answer.cookie(name) else {
                let what = "is not set: no browser would be signed in";
                self.report.bad(
                    ("set_cookie", name),
                    what,
                    "let the proxy pass on `Set-Cookie`, and all of them",
                );
                continue;
            };
            let mut wanted = vec!["httponly".to_owned(), path, same_site.to_owned()];
            wanted.extend(self.web.is_https().then(|| "secure".to_owned()));
            wanted.extend(self.settings.cookie_domain.as_ref().map(|domain| format!("domain={domain}")));
            let lost: Vec<String> = wanted.into_iter().filter(|part| !found.contains(part)).collect();
            match lost.is_empty() {
                true => self.report.good("set_cookie", name, "is set as it should be"),
                false => self.report.bad(
                    ("set_cookie", name),
                    format!("comes back without {}", lost.join(", ")),
                    "let the proxy change nothing in `Set-Cookie`; if it does not, start the server again with this configuration",
                ),
            }
        }
    }

    async fn preflight(&mut self, origin: &str) {
        let at = ("app_origins", origin);
        let advice = "let the proxy pass on OPTIONS, and add no Access-Control headers of its own; if it does not, start the \
                      server again with this configuration";
        match self.asks_for(origin).await {
            Err(told) => self.report.bad(at, told, advice),
            Ok(answer) if answer.headers.get_all(ACCESS_CONTROL_ALLOW_ORIGIN).iter().count() > 1 => {
                self.report.bad(at, "is allowed twice, which no browser accepts", advice);
            }
            Ok(answer) => {
                let allowed = answer.header(&ACCESS_CONTROL_ALLOW_ORIGIN) == Some(origin);
                let credentials = answer.header(&ACCESS_CONTROL_ALLOW_CREDENTIALS) == Some("true");
                match (allowed, credentials) {
                    (true, true) => self.report.good(at.0, at.1, "its pages may call, with cookies"),
                    (true, false) => self.report.bad(at, "its pages may call, but without cookies", advice),
                    (false, _) => {
                        self.report.bad(at, format!("its pages may not call: {}", answer.told()), advice)
                    }
                }
            }
        }
    }

    async fn preflight_of_nobody(&mut self) {
        let at = ("app_origins", NOBODYS);
        match self.asks_for(NOBODYS).await {
            Ok(answer) if answer.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) => {
                let advice = "have the proxy add no Access-Control headers: the server adds its own";
                self.report.bad(at, "a page of anybody may read answers", advice);
            }
            // Whatever else may be wrong with a preflight was told above.
            Ok(_) | Err(_) => self.report.good(at.0, at.1, "pages of others may not call"),
        }
    }

    async fn asks_for(&self, origin: &str) -> Result<Answer, String> {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        self.public.ask(Method::OPTIONS, "/auth/refresh", &asked).await
    }

    /// On the usual ports, where a browser that is given the bare name begins.
    async fn http_leads_to_https(&mut self) -> anyhow::Result<()> {
        let usual = self.settings.public_url.port().is_none() && self.web.is_https();
        let Some(bare) = self.bare().filter(|_| usual) else { return Ok(()) };
        match Asker::new(&bare)?.get("/healthz", &[]).await {
            Ok(answer) if answer.status == 200 => {
                let advice = "have the proxy send http on to https; with Strict-Transport-Security, browsers no longer ask";
                self.report.warning(
                    ("https", &bare),
                    "is served by http as well, where no cookie is kept",
                    advice,
                );
            }
            Ok(_) | Err(_) => self.report.good("https", &bare, "nothing is served by http"),
        }
        Ok(())
    }

    /// Our address, by http.
    fn bare(&self) -> Option<String> {
        self.web.origin().strip_prefix("https://").map(|host| format!("http://{host}"))
    }
}

/// What an answer can say, and what follows.
struct Words<'a> {
    /// The reason or error where everything is well.
    fits: &'a str,
    /// The one where something did not arrive.
    lost: &'a str,
    good: &'a str,
    bad: &'a str,
    advice: &'a str,
}

fn kids_of(jwks: &Value) -> BTreeSet<String> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let kids = keys.into_iter().flatten().filter_map(|key| key.get("kid")?.as_str());
    kids.map(str::to_owned).collect()
}
