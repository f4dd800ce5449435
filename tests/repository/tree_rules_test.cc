#include "tests/repository/tree_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netsurf::repository {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TreeRules : public testing::Test {
 protected:
  static const std::vector<File>& tree() {
    static const std::vector<File> files = read_tree(NETSURF_SOURCE_DIR);
    return files;
  }
};

TEST_F(TreeRules, TheTreeIsReadAtAll) {
  EXPECT_GT(tree().size(), 50u);
  std::vector<std::string> paths;
  for (const File& file : tree()) paths.push_back(file.path);
  EXPECT_THAT(paths, testing::IsSupersetOf({"README.md", "scripts/test", ".ci/run", "engine/base/text.h"}));
}

TEST_F(TreeRules, EveryFolderWithSourcesHasAShortReadme) {
  EXPECT_THAT(readme_violations(tree()), IsEmpty());
}
TEST_F(TreeRules, NoFileNamesAMachineOrPutsWorkOff) { EXPECT_THAT(word_violations(tree()), IsEmpty()); }
TEST_F(TreeRules, NoDeviceHeaderCountsBitsByTheLibrary) { EXPECT_THAT(device_violations(tree()), IsEmpty()); }
TEST_F(TreeRules, EveryFuzzTargetHasASavedCorpus) { EXPECT_THAT(corpus_violations(tree()), IsEmpty()); }
TEST_F(TreeRules, EveryRelativeLinkLeadsSomewhere) { EXPECT_THAT(link_violations(tree()), IsEmpty()); }

TEST_F(TreeRules, AMissingOrLongReadmeIsFound) {
  EXPECT_THAT(readme_violations({{"engine/base/text.h", ""}}),
              ElementsAre(HasSubstr("engine/base: holds sources")));
  EXPECT_THAT(readme_violations({{"scripts/run", "#!/bin/sh\n"}}),
              ElementsAre(HasSubstr("scripts: holds sources")));
  EXPECT_THAT(readme_violations({{"docs/README.md", std::string(61, '\n')}}),
              ElementsAre(HasSubstr("61 lines")));
  EXPECT_THAT(readme_violations({{"docs/README.md", std::string(60, '\n')}}), IsEmpty());
}

TEST_F(TreeRules, AForbiddenWordIsFoundWithItsLine) {
  const std::string later = std::string("// TO") + "DO: later";
  EXPECT_THAT(word_violations({{"a.cc", "int a;\n" + later + "\n"}}), ElementsAre(HasSubstr("a.cc:2")));
  EXPECT_THAT(word_violations({{"a.md", std::string("see /ho") + "me/anna/net"}}),
              ElementsAre(HasSubstr("a.md:1")));
  EXPECT_THAT(word_violations({{"a.md", "mktemp -d XXXXXX and the homework/ of a framework/"}}), IsEmpty());
}

TEST_F(TreeRules, ADeviceHeaderThatCountsBitsByTheLibraryIsFound) {
  const std::string call = "int a = std::countr_zero(b);";
  EXPECT_THAT(device_violations({{"kernels/cuda/a.h", call}}),
              ElementsAre("kernels/cuda/a.h: calls std::countr_zero (see kernels/core/bits.h)"));
  EXPECT_THAT(device_violations({{"kernels/cpu/a.h", call}, {"kernels/core/bits.h", call}}), IsEmpty());
}

TEST_F(TreeRules, AFuzzTargetWithoutACorpusIsFoundAndTheOtherWayRound) {
  EXPECT_THAT(corpus_violations({{"tests/fuzz/fuzz_idx.cc", ""}}), ElementsAre(HasSubstr("no file in")));
  EXPECT_THAT(corpus_violations({{"tests/fuzz/corpus/idx/small", ""}}), ElementsAre(HasSubstr("no target")));
  EXPECT_THAT(corpus_violations({{"tests/fuzz/fuzz_idx.cc", ""}, {"tests/fuzz/corpus/idx/small", ""}}),
              IsEmpty());
}

TEST_F(TreeRules, ADeadLinkIsFound) {
  const std::vector<File> planted = {{"docs/a.md", "[b](b.md) [up](../README.md#top) [folder](../docs/)"},
                                     {"README.md", ""}};
  EXPECT_THAT(link_violations(planted), ElementsAre("docs/a.md: links to b.md, which is not there"));
}

}  // namespace
}  // namespace netsurf::repository
