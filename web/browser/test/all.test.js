/** All tests in one process: each browser is started once. */

import "../pages/pages.test.js";
import "../console/console.test.js";
import "./cross-site.test.js";
import "./faults.test.js";
import "./demo-rules.test.js";
import "./demo.test.js";
import "./harness.test.js";
import "./localhost.test.js";
import "./tabs.test.js";
import "../guide/browsers.test.js";
