// Checks that a call throws an error of the right kind whose one line says the right things.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace netsurf {

/// Fails unless `call` throws an Error whose text is one line holding every piece.
template <typename Error, typename Call>
void expect_error(const Call& call, std::initializer_list<std::string_view> pieces) {
  try {
    call();
  } catch (const Error& error) {
    std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    for (std::string_view piece : pieces) {
      EXPECT_NE(text.find(piece), std::string::npos) << "no \"" << piece << "\" in: " << text;
    }
    return;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of error: " << error.what();
    return;
  }
  ADD_FAILURE() << "nothing was thrown";
}

}  // namespace netsurf
