/** A house built wrong, so that each rule of the import rule is seen to fail. */
package org.noisetrail.architecture.broken;
