/**
 * The Kernels page's component: mounts once, then takes in what Python sends.
 * @module
 */

import { Gallery } from "./gallery.js";
import { mounter } from "../common/mount.js";

export default mounter((parent) => new Gallery(parent));
