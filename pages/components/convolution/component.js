/**
 * The convolution laboratory's component: mounts once, then takes in what Python sends.
 * @module
 */

import { mounter } from "../common/mount.js";
import { styled } from "../common/styles.js";
import { Convolution } from "./convolution.js";

await styled(["../common/common.css", "./convolution.css"].map((path) => new URL(path, import.meta.url).href));

export default mounter((parent) => new Convolution(parent));
