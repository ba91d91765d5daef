/** The frame worker of a busy computer, for tests: it comes up two seconds late. */

import "./two-seconds";
import "../../src/e2ee/frame-worker";
