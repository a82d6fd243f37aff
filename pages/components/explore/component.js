/**
 * The Explore page's component: mounts once, then takes in what Python sends.
 * @module
 */

import { mounter } from "../common/mount.js";
import { Explore } from "./explore.js";

export default mounter((parent) => new Explore(parent));
