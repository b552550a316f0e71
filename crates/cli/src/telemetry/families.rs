//! Every metric there is: the one list, from which the reference is made and to which dashboards and alerts are held.

/// How a number moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It only grows, from 0 when the process starts.
    Counter,
    /// It is what it is.
    Gauge,
    /// How often it was how much.
    Histogram,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [&'static str],
    /// In a sentence, with the unit where the name does not end with it.
    pub(super) meaning: &'static str,
}

macro_rules! families {
    ($($about:literal { $($family:ident = $kind:ident $name:literal [$($label:literal),*] $meaning:literal;)* })*) => {
        $($(pub(super) static $family: Family =
            Family { name: $name, kind: Kind::$kind, labels: &[$($label),*], meaning: $meaning };)*)*

        /// All of them, by what they are about.
        #[cfg(test)]
        pub(super) static ALL: &[(&str, &[&Family])] = &[$(($about, &[$(&$family),*])),*];
    };
}

families! {
    "Requests" {
        REQUESTS = Counter "rotunda_http_requests_total" ["route", "method", "status"]
            "Requests by the template of their route (`none` for what is no route), method and status; `cancelled` where nobody waited for the answer.";
        REQUEST_SECONDS = Histogram "rotunda_http_request_duration_seconds" ["route", "method", "outcome"]
            "How long it took until the head of the answer was there, of what was `granted`, `refused` (4xx) and `failed` (5xx).";
        IN_FLIGHT = Gauge "rotunda_http_requests_in_flight" []
            "Requests that are under way.";
        REFUSALS = Counter "rotunda_refusals_total" ["reason"]
            "Refusals by their `reason`; by their `error` where they have none.";
        CONNECTIONS = Counter "rotunda_connections_total" []
            "Connections that were accepted. Those of whoever reads metrics are not among them.";
        CONNECTIONS_OPEN = Gauge "rotunda_connections_open" []
            "Connections that are open.";
    }
    "Refreshes and sessions" {
        DECISIONS = Counter "rotunda_refresh_decisions_total" ["decision"]
            "Refreshes by the row of the table that answered them. Tokens that are none, and what was refused before the table was asked, are not among them.";
        ROUNDS = Counter "rotunda_refresh_rounds_repeated_total" []
            "Rounds of a refresh that were done again because somebody else was faster.";
        REFRESHES = Counter "rotunda_refreshes_total" ["outcome"]
            "Refreshes that were `granted` or `refused`. One that failed is neither: see the status 503.";
        SIGN_INS = Counter "rotunda_sign_ins_total" ["outcome"]
            "Sign-ins that were `granted`, registrations that sign in among them, or `refused`.";
        THEFTS = Counter "rotunda_thefts_found_total" []
            "Sessions that were ended because somebody had a copy of a token.";
        ENDINGS = Counter "rotunda_sessions_ended_total" ["ending"]
            "Sessions that ended, by why: whoever ended them, a command too. Each is counted by the one server that chained its event, about a second later.";
        EVENTS = Counter "rotunda_events_total" ["kind"]
            "Events, by what happened; counted like the endings.";
        SESSIONS = Gauge "rotunda_sessions_live" []
            "Sessions that live, in the whole store: counted once a minute, by each server.";
        USERS = Gauge "rotunda_users" []
            "Users, in the whole store: counted once a minute, by each server.";
        UNOPENED = Gauge "rotunda_signing_keys_unopened" []
            "Signing keys that do not open here, because this server has another master key.";
    }
    "Passwords" {
        HASHES = Counter "rotunda_password_hashes_total" []
            "Passwords that were hashed or checked.";
        HASHES_SHED = Counter "rotunda_password_hashes_shed_total" []
            "Passwords that were not, because too many were waiting.";
        HASH_THREADS = Gauge "rotunda_password_threads" []
            "Threads that hash.";
        HASH_BUSY = Gauge "rotunda_password_threads_busy" []
            "Threads that are hashing just now.";
        HASH_QUEUE = Gauge "rotunda_password_queue_length" []
            "Passwords that wait for a thread.";
        HASH_MOST = Gauge "rotunda_password_queue_capacity" []
            "Passwords that may wait.";
    }
    "Stores" {
        STORES_UP = Gauge "rotunda_stores_up" []
            "1 while the stores take writes, 0 while they do not; looked at every 10 seconds.";
        GROUP_SIZE = Histogram "rotunda_sqlite_group_size" []
            "SQLite: writes that shared a transaction.";
        FAILED_GROUPS = Counter "rotunda_sqlite_groups_failed_total" []
            "SQLite: transactions that failed as a whole.";
        SQLITE_READS = Counter "rotunda_sqlite_reads_total" []
            "SQLite: reads.";
        SQLITE_REFUSED = Counter "rotunda_sqlite_refused_total" []
            "SQLite: reads and writes that were refused because too many were waiting.";
        SQLITE_QUEUE = Gauge "rotunda_sqlite_queue_length" ["queue"]
            "SQLite: `writes` and `reads` that wait for their thread.";
        SQLITE_QUEUE_MOST = Gauge "rotunda_sqlite_queue_capacity" ["queue"]
            "SQLite: how many may wait.";
        AT_HAND = Gauge "rotunda_sqlite_connections_at_hand" ["state"]
            "SQLite: connections for reads of one row, `busy` and `idle`.";
        BATCH_SIZE = Histogram "rotunda_postgres_batch_size" ["of"]
            "PostgreSQL: `rotations` and `facts` that were asked for together.";
        STATEMENTS = Counter "rotunda_postgres_shared_statements_total" ["of"]
            "PostgreSQL: statements that they shared.";
        PG_QUEUE = Gauge "rotunda_postgres_queue_length" ["of"]
            "PostgreSQL: `rotations` and `facts` that wait for a statement.";
        PG_COMMITS = Counter "rotunda_postgres_commits_total" []
            "PostgreSQL: transactions that were committed, rotations not among them.";
        PG_READS = Counter "rotunda_postgres_reads_total" []
            "PostgreSQL: reads, facts not among them.";
        PG_RETRIES = Counter "rotunda_postgres_retries_total" []
            "PostgreSQL: what was run once more, because it stood in another one's way or its connection had ended.";
        PG_FAILURES = Counter "rotunda_postgres_failures_total" []
            "PostgreSQL: calls that failed.";
        PG_REFUSED = Counter "rotunda_postgres_refused_total" []
            "PostgreSQL: calls that were refused because too many were waiting.";
        PG_CONNECTIONS = Gauge "rotunda_postgres_connections" ["pool", "state"]
            "PostgreSQL: connections, `busy` and `idle`, of the pool for `calls` and of the one for `batches`.";
        PG_MOST = Gauge "rotunda_postgres_connections_max" ["pool"]
            "PostgreSQL: how many there may be.";
        PG_WAITING = Gauge "rotunda_postgres_connections_awaited" ["pool"]
            "PostgreSQL: calls that wait for a connection.";
        REDIS_COMMANDS = Counter "rotunda_redis_commands_total" ["outcome"]
            "Redis: commands that were `answered`, or `failed`: not in time, or with an error.";
    }
    "Feed, letters, webhooks, janitor, backups" {
        FEED_STREAMS = Gauge "rotunda_feed_streams" []
            "Services that listen to the revocation feed at this server.";
        FEED_ENTRIES = Gauge "rotunda_feed_entries" []
            "Entries of the feed that are kept for them.";
        FEED_BEHIND = Gauge "rotunda_feed_behind_seconds" []
            "How long ago the feed was read from the store; only while somebody listens.";
        LETTERS = Counter "rotunda_letters_total" ["outcome"]
            "Attempts at letters: `sent`, `put_off`, `given_up`.";
        LETTERS_WAITING = Gauge "rotunda_letters_waiting" []
            "Letters that wait, in the whole store, up to 10,001: counted once a minute, by each server.";
        DELIVERIES = Counter "rotunda_webhook_deliveries_total" ["outcome"]
            "Attempts at messages to webhooks: `arrived`, `put_off`, `given_up`.";
        DELIVERIES_WAITING = Gauge "rotunda_webhook_deliveries_waiting" []
            "Messages that wait, in the whole store, up to 10,001: counted once a minute, by each server.";
        DELIVERIES_DEAD = Gauge "rotunda_webhook_deliveries_dead" []
            "Messages that were given up and are kept, in the whole store, up to 10,001: counted once a minute, by each server.";
        SWEEPS = Counter "rotunda_janitor_sweeps_total" ["outcome"]
            "Steps of the janitor: `done` or `failed`.";
        SWEPT = Counter "rotunda_janitor_rows_total" ["what"]
            "What the janitor has written down (`expired_sessions`) or deleted (all others).";
        BACKUP_NEWEST = Gauge "rotunda_backup_newest_timestamp_seconds" []
            "When the newest backup in `[backup] folder` was taken, in seconds since 1970; 0 where there is none. Only where `[backup]` is set.";
        BACKUP_EVERY = Gauge "rotunda_backup_interval_seconds" []
            "How far apart they are meant to be. Only where `[backup]` is set.";
    }
    "Process" {
        BUILD = Gauge "rotunda_build_info" ["version", "store", "sessions"]
            "Always 1. Which release this is, and where it keeps things.";
        SPANS = Counter "rotunda_spans_total" ["outcome"]
            "Spans of requests: `sent` to the collector; `dropped`, because too many were waiting or came in a second on a proxy's word; `lost`, because it did not take them. Only where `[telemetry] otlp_endpoint` is set.";
        LOG_LINES = Counter "rotunda_log_lines_total" ["level"]
            "Lines of the log at `warn` and `error`.";
        CPU = Counter "process_cpu_seconds_total" []
            "Processor time.";
        RESIDENT = Gauge "process_resident_memory_bytes" []
            "Memory that is in use.";
        VIRTUAL = Gauge "process_virtual_memory_bytes" []
            "Address space.";
        FILES = Gauge "process_open_fds" []
            "Open files and sockets.";
        FILES_MOST = Gauge "process_max_fds" []
            "How many there may be.";
        THREADS = Gauge "process_threads" []
            "Threads.";
        STARTED = Gauge "process_start_time_seconds" []
            "When the server started, in seconds since 1970.";
    }
}
