package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** UCB1 on trees whose values were worked out by hand. */
class TreeNodeTest {
    private static TreeNode root(int children) {
        TreeNode root = new TreeNode(3, 0, null);
        root.expand(children);
        return root;
    }

    private static void play(TreeNode node, double... rewards) {
        for (double reward : rewards) {
            node.visit();
            node.backUp(reward);
        }
    }

    @Test
    void anUnvisitedChildIsFirstAndOfThemTheLowestIndex() {
        TreeNode root = root(4);
        assertThat(root.child(2).step).isEqualTo(4);
        assertThat(root.child(2).candidate).isEqualTo(2);
        play(root.child(0), 1);
        play(root.child(2), 1);
        assertThat(root.select(1)).isSameAs(root.child(1));
        play(root.child(1), -1e9);
        assertThat(root.select(1)).isSameAs(root.child(3));
    }

    @Test
    void theBoundIsTheMeanPlusTheExplorationTerm() {
        // n = 6: visits 3, 2, 1 with means .5, .5, .1. sqrt(ln 6) = 1.338566; bounds with c:
        //   child 0: .5 + .772822 c   child 1: .5 + .946509 c   child 2: .1 + 1.338566 c
        // child 2 overtakes child 1 where .392057 c > .4, at c = 1.020261.
        TreeNode root = root(3);
        play(root.child(0), .2, .5, .8);
        play(root.child(1), .4, .6);
        play(root.child(2), .1);
        assertThat(root.visits()).isEqualTo(6);
        assertThat(root.child(0).mean()).isEqualTo(.5);
        assertThat(root.select(0)).isSameAs(root.child(0));
        assertThat(root.select(.001)).isSameAs(root.child(1));
        assertThat(root.select(1.0202)).isSameAs(root.child(1));
        assertThat(root.select(1.0203)).isSameAs(root.child(2));
        assertThat(root.select(Math.sqrt(2))).isSameAs(root.child(2));
    }

    @Test
    void ofEqualsTheLowestIndexIsChosen() {
        TreeNode root = root(3);
        play(root.child(2), .5);
        play(root.child(1), .5);
        play(root.child(0), .5);
        assertThat(root.select(1)).isSameAs(root.child(0));
        assertThat(root.best()).isSameAs(root.child(0));
        play(root.child(0), .5);
        assertThat(root.select(1)).isSameAs(root.child(1));
    }

    @Test
    void rewardsAreAddedUpToTheRoot() {
        TreeNode root = root(2);
        root.child(1).expand(2);
        play(root.child(1).child(0), .3);
        play(root.child(1).child(1), .7);
        play(root.child(0), .2);
        assertThat(root.mean()).isEqualTo((.3 + .7 + .2) / 3);
        assertThat(root.child(1).mean()).isEqualTo(.5);
        assertThat(root.child(1).visits()).isEqualTo(2);
        assertThat(root.best()).isSameAs(root.child(1));
        root.child(1).becomeRoot();
        play(root.child(1).child(1), 1);
        assertThat(root.visits()).as("an earlier root is left alone").isEqualTo(3);
        assertThat(root.child(1).visits()).isEqualTo(3);
    }

    @Test
    void unvisitedChildrenAreNotTheBest() {
        TreeNode root = root(3);
        assertThat(root.best()).isNull();
        play(root.child(1), -5);
        assertThat(root.best()).isSameAs(root.child(1));
    }

    @Test
    void nanCountsAsMinusInfinity() {
        TreeNode root = root(3);
        play(root.child(0), Double.NaN);
        play(root.child(1), -1e30);
        play(root.child(2), Double.NaN);
        assertThat(root.child(0).mean()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(root.best()).isSameAs(root.child(1));
        assertThat(root.select(1)).isSameAs(root.child(1));
        TreeNode hopeless = root(2);
        play(hopeless.child(0), Double.POSITIVE_INFINITY, Double.NaN);
        play(hopeless.child(1), Double.NaN);
        assertThat(hopeless.best()).isSameAs(hopeless.child(0));
        assertThat(hopeless.select(1)).isSameAs(hopeless.child(0));
    }

    @Test
    void whereRewardsAreToComeOnlyChoicesThatTheyCannotChangeAreMade() {
        TreeNode root = root(3);
        root.child(1).visit();
        assertThat(root.select(1)).as("an unvisited child").isSameAs(root.child(0));
        root.child(0).visit();
        root.child(2).visit();
        assertThat(root.select(1)).as("three rewards to come").isNull();
        root.child(0).backUp(.1);
        root.child(1).backUp(.2);
        assertThat(root.select(1)).as("one reward to come").isNull();
        root.child(2).backUp(.3);
        assertThat(root.select(1)).isSameAs(root.child(2));
        TreeNode single = root(1);
        single.child(0).visit();
        assertThat(single.select(1)).as("an only child").isSameAs(single.child(0));
    }

    @Test
    void theMeanIsOfRewardsThatHaveCome() {
        TreeNode root = new TreeNode(0, 0, null);
        root.visit();
        root.visit();
        root.backUp(3);
        assertThat(root.mean()).isEqualTo(3);
        root.backUp(5);
        assertThat(root.mean()).isEqualTo(4);
    }
}
