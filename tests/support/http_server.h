// A small HTTP server for tests: answers GET on a free port of 127.0.0.1 from a table of pages, one
// connection at a time.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace netsurf {

class HttpServer {
 public:
  struct Page {
    int status = 200;
    std::string body = {};
    std::string headers = {};  // extra lines, each ending in "\r\n"
    size_t missing = 0;        // bytes that Content-Length promises and that never come
    bool is_silent = false;    // takes the request and never answers
    bool has_content_length = true;
  };

  explicit HttpServer(std::map<std::string, Page> pages) : pages_(std::move(pages)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, raw, length) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, raw, &length) != 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }

  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept
    thread_.join();
    ::close(listener_);
    for (int connection : silent_) ::close(connection);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:PORT", without a slash at the end.
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// Paths asked for so far, in order.
  std::vector<std::string> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (true) {
      int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      if (!answer(connection)) {
        silent_.push_back(connection);
        continue;
      }
      ::close(connection);
    }
  }

  /// False when the connection is to stay open without an answer.
  bool answer(int connection) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) return true;
      request.append(buffer, static_cast<size_t>(got));
    }
    size_t begin = request.find(' ') + 1;
    std::string path = request.substr(begin, request.find(' ', begin) - begin);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(path);
    }
    auto found = pages_.find(path);
    Page page = found == pages_.end() ? Page{.status = 404, .body = "not here"} : found->second;
    if (page.is_silent) return false;
    std::string reply =
        "HTTP/1.1 " + std::to_string(page.status) + " Status\r\nConnection: close\r\n" + page.headers;
    if (page.has_content_length)
      reply += "Content-Length: " + std::to_string(page.body.size() + page.missing) + "\r\n";
    send_all(connection, reply + "\r\n" + page.body);
    return true;
  }

  static void send_all(int connection, const std::string& bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      ssize_t now = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<size_t>(now);
    }
  }

  std::map<std::string, Page> pages_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> silent_;
  std::thread thread_;
};

}  // namespace netsurf
